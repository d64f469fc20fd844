"""What is started for a cell: the tap with its files, or a peer's script with its job."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.account import Account
from benchmarks.cells import FORMS, SAME, UNLIMITED, Cell
from benchmarks.environments import clean, python_of
from benchmarks.places import PEERS, own
from benchmarks.shapes import SALES, idle_lists, idle_streams, sales_list, selecting

_WORKERS = {UNLIMITED: 4, 1: 1, 4: 3, 12: 6}
"""Requests at once of a peer in its best form: what the drip rate and a second of latency call for."""

_SCRIPTS = {"bytes": "bytes_only.py"}
_NOTES = ("sales", "SaleNotes")


def command(cell: Cell, account: Account, folder: Path) -> list[str]:
    """The command that is measured."""
    if cell.tool == "ours":
        return _own(cell, account, folder)
    interpreter = sys.executable if cell.tool == "bytes" else python_of(cell.tool)
    job = folder / "job.json"
    job.write_text(json.dumps(_job(cell, account, folder)), encoding="utf-8")
    return [interpreter, str(PEERS / _SCRIPTS.get(cell.tool, f"{cell.tool}_peer.py")), str(job)]


def _job(cell: Cell, account: Account, folder: Path) -> dict[str, Any]:
    state, is_idle = account.state(), cell.part == "idle"
    form = cell.form if cell.form in (*FORMS, SAME) else "best"
    return {
        "url": f"{account.url}/API/V3/Account/{state['account']}",
        "token": account.access_token(),
        "form": form,
        "task": cell.form if cell.part == "start" else cell.part if is_idle else "sales",
        "streams": idle_streams(state["rows"]) if is_idle else [sales_list(form)],
        "start": state["now"] if is_idle else None,
        "workers": _workers(cell),
        "scale": cell.scale,
        "normalise": cell.part in ("cpu", "idle"),
        "scratch": str(folder),
    }


def _workers(cell: Cell) -> int:
    return int(cell.form.split()[0]) if cell.tool == "bytes" else _WORKERS[cell.registers]


def _own(cell: Cell, account: Account, folder: Path) -> list[str]:
    tap = own("tap-lightspeed-retail")
    if cell.part == "start":
        option = {"start": "--version", "discover": "--discover"}[cell.form]
        return [tap, option, *(["--config", _config(account, folder)] if option == "--discover" else [])]
    found = [tap, "--config", _config(account, folder), "--catalog", _catalog(cell, account, folder)]
    state = folder / "state.json"
    return [*found, "--state", str(state)] if cell.part == "idle" and state.exists() else found


def _config(account: Account, folder: Path) -> str:
    settings = {**account.settings, "refresh_token": account.refresh_token()}
    return _written(folder / "config.json", {**settings, "token_store": str(folder / "tokens.json")})


def _catalog(cell: Cell, account: Account, folder: Path) -> str:
    discover = [own("tap-lightspeed-retail"), "--discover", "--config", _config(account, folder)]
    done = subprocess.run(discover, check=True, capture_output=True, text=True, env=clean())
    streams: tuple[str, ...] = SALES
    if cell.part == "idle":
        streams = tuple(resource.api.stream for resource in idle_lists(account.state()["rows"]))
    off = [_NOTES] if cell.form == "best" else []
    return _written(folder / "catalog.json", selecting(json.loads(done.stdout), streams, off))


def _written(path: Path, content: dict[str, Any]) -> str:
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def keep_state(folder: Path) -> None:
    """Keep the last state of a run for the run after it."""
    state = None
    with (folder / "out").open(encoding="utf-8") as lines:
        for line in lines:
            if '"STATE"' in line:
                state = json.loads(line)["value"]
    _written(folder / "state.json", state or {})
