"""Tap and target piped together, with one store and tokens that live two seconds."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lightspeed_retail.connection import connect
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.customers import Customer
from tests.retailer import by_key, small_sandbox, table

TAP = "from tap_lightspeed_retail.cli import main; main()"
TARGET = "from target_lightspeed_retail.cli import main; main()"


@pytest.mark.parametrize("store", ["tokens.json", "sqlite"])
def test_neither_locks_the_other_out_while_tokens_end_every_two_seconds(tmp_path: Path, store: str) -> None:
    """Both ask slowly enough to live through several tokens; what the one renews, the other adopts."""
    with small_sandbox(expires_in=2, latency=0.12) as sandbox:
        place = f"sqlite:///{tmp_path}/tokens.sqlite" if store == "sqlite" else str(tmp_path / store)
        settings = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "refresh_token": sandbox.issue_refresh_token(),
            "token_store": place,
            "api_url": sandbox.url,
            "auth_url": sandbox.url,
        }
        (tmp_path / "tap.json").write_text(json.dumps(settings), encoding="utf-8")
        own = {"ledger": str(tmp_path / "ledger.sqlite"), "outcome_path": str(tmp_path / "outcome.jsonl")}
        (tmp_path / "target.json").write_text(json.dumps(settings | own), encoding="utf-8")
        before = table(sandbox, Customer)
        python = shlex.quote(sys.executable)
        command = (
            f"{python} -c {shlex.quote(TAP)} --config tap.json | {python} -c {shlex.quote(TARGET)} --config target.json"
        )
        piped = ["bash", "-o", "pipefail", "-c", command]
        done = subprocess.run(
            piped, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        assert "invalid_grant" not in done.stderr
        assert done.stderr.count("Got a new access token") >= 3
        assert connect(settings).account_id == int(sandbox.account)
        assert table(sandbox, Customer) == before
    lines = [json.loads(line) for line in (tmp_path / "outcome.jsonl").read_text(encoding="utf-8").splitlines()]
    customers = [line for line in lines if line["stream"] == "customers"]
    assert len(customers) == len(by_key(Resource.named("Customer"), before.values()))
    assert {line["operation"] for line in customers} == {"unchanged"}
