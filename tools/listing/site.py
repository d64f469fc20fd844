"""The Hub's API with nothing but our listings, as static files and on this machine."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from .entries import listing
from .facts import PLUGINS, owner

API = "meltano/api/v1"
"""Where Meltano looks for the API, below the Hub's address: `MELTANO_HUB_API_ROOT` names both."""

ONLY_ON_PAGES = {
    "definition",
    "domain_url",
    "keywords",
    "maintenance_status",
    "next_steps",
    "prereq",
    "quality",
    "settings_preamble",
    "usage",
}
"""What the Hub shows to people and leaves out of its API."""


def answers(hub: str) -> dict[str, Any]:
    """What the API answers, by path.

    Args:
        hub: Address of the Hub, without a slash at its end.
    """
    variant = owner()
    found: dict[str, Any] = {}
    index: dict[str, Any] = {}
    for plugin in PLUGINS:
        path = f"plugins/{plugin.kind}/{plugin.name}--{variant}"
        entry = {name: value for name, value in listing(plugin).items() if name not in ONLY_ON_PAGES}
        entry |= {"docs": f"{hub}/{path.partition('/')[2]}", "logo_url": hub + entry["logo_url"]}
        variants = {"default_variant": variant, "variants": {variant: {"ref": f"{hub}/{API}/{path}"}}}
        index[plugin.kind] = {plugin.name: {**variants, "logo_url": entry["logo_url"]}}
        found[path] = entry
        found[f"plugins/{plugin.kind}/index"] = index[plugin.kind]
    return {**found, "plugins/index": index}


def write(folder: Path, hub: str) -> None:
    """Write the answers as files."""
    for path, answer in answers(hub).items():
        file = folder / API / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(answer), encoding="utf-8")


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    """Serve them on this machine meanwhile; the address that Meltano wants in `MELTANO_HUB_API_ROOT`.

    Args:
        port: Where; 0 takes a free one.
    """
    with tempfile.TemporaryDirectory() as folder:
        handler = functools.partial(_Quiet, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
            address = f"http://127.0.0.1:{server.server_port}"
            write(Path(folder), address)
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"{address}/{API}"
            finally:
                server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gives it.
        """Leave it unsaid."""
