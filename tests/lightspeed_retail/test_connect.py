"""The commands connect, accounts and disconnect, as processes against the sandbox.

How a real browser sees it: test_connect_in_browser.py.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from lightspeed_retail.connection import connect, token_store
from lightspeed_retail.errors import CredentialsError, SettingsError
from lightspeed_retail.resources.account import Account
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.scripted import Answer, scripted

ACCOUNT = 4711
PREFIX = "TAP_LIGHTSPEED_RETAIL_"
ELSEWHERE = "https://agency.example/back"
Settings = dict[str, str]


def running(account: int = ACCOUNT, name: str = "Northwind Cycles", **options: Any) -> Sandbox:
    store = Store()
    store.put(Account, [{"accountID": account, "name": name}])
    return Sandbox(Config(bucket_size=2000, drip_rate=1000, **options), store=store)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as found:
        yield found


def settings_of(sandbox: Sandbox, tmp_path: Path) -> Settings:
    """What somebody has before anything is connected."""
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "token_store": str(tmp_path / "tokens.json"),
        "api_url": sandbox.url,
        "auth_url": sandbox.url,
    }


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    return os.environ | {PREFIX + name.upper(): value for name, value in settings.items()}


def command(settings: Mapping[str, str], *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    full = [sys.executable, "-m", "lightspeed_retail.cli", *arguments]
    return subprocess.run(
        full, input=typed, capture_output=True, text=True, check=False, timeout=60, env=environment(settings)
    )


@dataclass
class Talk:
    """A `connect` that waits for consent."""

    process: subprocess.Popen[str]
    said: str
    address: str

    @classmethod
    def begun(cls, settings: Mapping[str, str], *arguments: str) -> Talk:
        """One that has said where to consent."""
        full = [sys.executable, "-u", "-m", "lightspeed_retail.cli", "connect", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            full, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment(settings), bufsize=1
        )
        assert process.stdout is not None
        said, address = "", ""
        for line in process.stdout:
            said += line
            if "/auth/oauth/authorize?" in line:
                address = line.strip()
                break
        return cls(process, said, address)

    def type(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end: exit code, and what it said on stdout and stderr."""
        said, errors = self.process.communicate(timeout=60)
        return self.process.returncode, self.said + said, errors


def consented(address: str, decision: str = "authorise") -> str:
    """Where the browser ends after somebody has decided."""
    fields = dict(parse_qsl(urlsplit(address).query)) | {"employee": "Ann", "decision": decision}
    answer = requests.post(address.partition("?")[0], data=fields, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def connected(settings: Mapping[str, str], *arguments: str) -> str:
    """An account that somebody has connected by pasting; what the command said."""
    talk = Talk.begun(settings, "--redirect-uri", ELSEWHERE, *arguments)
    talk.type(consented(talk.address))
    code, said, errors = talk.end()
    assert (code, errors) == (0, ""), said
    return said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_what_is_pasted_connects_the_account(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    said = connected(settings, "--streams", "sales,items", "--write", "customers")
    assert f"Connected: Northwind Cycles (account {ACCOUNT})." in said
    assert "It may: employee:customers employee:inventory_read employee:register_read" in said
    assert f'      client_id: {sandbox.client_id}\n      account_id: "{ACCOUNT}"' in said
    assert sandbox.client_secret not in said
    # From now on the client alone is enough, with or without the number.
    assert connect(settings).account_id == ACCOUNT
    assert connect(settings | {"account_id": str(ACCOUNT)}).account_id == ACCOUNT
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("form", ["address", "query", "code", "quoted"])
def test_any_form_of_what_the_browser_shows_may_be_pasted(sandbox: Sandbox, tmp_path: Path, form: str) -> None:
    talk = Talk.begun(settings_of(sandbox, tmp_path), "--redirect-uri", ELSEWHERE)
    address = consented(talk.address)
    query = urlsplit(address).query
    pasted = {
        "address": address,
        "query": f"?{query}",
        "code": dict(parse_qsl(query))["code"],
        "quoted": f" '{address}'",
    }
    talk.type(pasted[form])
    assert talk.end()[0] == 0


def test_the_browser_that_comes_back_connects_the_account(tmp_path: Path) -> None:
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    with running(redirect_uri=redirect) as sandbox:
        settings = settings_of(sandbox, tmp_path)
        talk = Talk.begun(settings, "--redirect-uri", redirect, "--streams", "sales")
        page = requests.get(consented(talk.address), timeout=10)
        code, said, errors = talk.end()
        assert (code, errors) == (0, "")
        assert page.status_code == 200
        assert "Northwind Cycles" in page.text
        assert connect(settings).account_id == ACCOUNT
    assert f"(account {ACCOUNT})" in said


def test_a_wrong_paste_can_be_mended(sandbox: Sandbox, tmp_path: Path) -> None:
    talk = Talk.begun(settings_of(sandbox, tmp_path), "--redirect-uri", ELSEWHERE)
    for wrong in ("https://agency.example/back", "nonsense", f"{ELSEWHERE}?code=abc&state=of-another"):
        talk.type(wrong)
    talk.type(consented(talk.address))
    code, said, _ = talk.end()
    assert code == 0
    assert "There is no code in the answer" in said
    assert "a code works once, for a minute" in said
    assert "belongs to an earlier request" in said


def test_a_denied_request_and_no_paste_at_all_end_in_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    talk = Talk.begun(settings, "--redirect-uri", ELSEWHERE)
    talk.type(consented(talk.address, "deny"))
    code, _, errors = talk.end()
    assert (code, errors.count("\n")) == (1, 1)
    assert "chose to deny" in errors
    silent = command(settings, "connect", "--redirect-uri", ELSEWHERE)
    assert (silent.returncode, silent.stderr) == (1, "Nothing was pasted: connect again.\n")
    with pytest.raises(SettingsError, match="run lightspeed-retail connect"):
        connect(settings)


def test_it_waits_no_longer_than_it_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    done = command(settings_of(sandbox, tmp_path), "connect", "--redirect-uri", redirect, "--timeout", "1")
    assert (done.returncode, done.stderr) == (1, "Nobody consented within 1 seconds: connect again.\n")


def test_a_store_that_takes_nothing_is_told_before_anybody_is_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    settings = settings_of(sandbox, tmp_path) | {"token_store": str(tmp_path / "file" / "tokens.json")}
    done = command(settings, "connect", "--redirect-uri", ELSEWHERE)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "authorize?" not in done.stdout


def test_a_wrong_secret_is_told_and_a_public_client_needs_none(sandbox: Sandbox, tmp_path: Path) -> None:
    talk = Talk.begun(settings_of(sandbox, tmp_path) | {"client_secret": "sentinel"}, "--redirect-uri", ELSEWHERE)
    talk.type(consented(talk.address))
    code, said, errors = talk.end()
    assert code == 1
    assert "check client_id and client_secret" in errors
    assert "sentinel" not in said + errors
    with running(public_client=True) as public:
        settings = settings_of(public, tmp_path)
        del settings["client_secret"]
        connected(settings)
        assert connect(settings).account_id == ACCOUNT


def test_no_client_and_an_unknown_scope_are_one_line_each(tmp_path: Path) -> None:
    lacking = command({"token_store": str(tmp_path / "t.json")}, "connect")
    assert (lacking.returncode, lacking.stderr.count("\n")) == (1, 1)
    assert "Set client_id" in lacking.stderr
    unknown = command({"client_id": "c", "token_store": str(tmp_path / "t.json")}, "connect", "--scopes", "registr")
    assert unknown.stderr == "There is no scope registr: did you mean employee:register?\n"


def test_accounts_side_by_side_in_one_store(tmp_path: Path) -> None:
    store = str(tmp_path / "tokens.json")
    with running(1, "One") as one, running(2, "Two") as two:
        first, second = (settings_of(each, tmp_path) | {"token_store": store} for each in (one, two))
        connected(first, "--streams", "sales")
        connected(second)
        listed = json.loads(command({"token_store": store}, "accounts", "--format", "json").stdout)
        assert [(each["account_id"], each["account_name"]) for each in listed] == [(1, "One"), (2, "Two")]
        assert listed[0]["scopes"] == ["employee:register_read"]
        assert all(each["connected_at"] and each["ends_unused_at"] > each["renewed_at"] for each in listed)
        assert "Two" in command({"token_store": store}, "accounts").stdout
        with pytest.raises(SettingsError, match=r"Several accounts are connected \(1, 2\): set account_id"):
            connect(first)
        assert connect(first | {"account_id": "1"}).account_id == 1
        assert connect(second | {"account_id": "2"}).account_id == 2
        with pytest.raises(SettingsError, match="Account 3 is not connected"):
            connect(first | {"account_id": "3"})
        ambiguous = command(first, "disconnect")
        assert "choose one with --account-id" in ambiguous.stderr
        assert command(first, "disconnect", "--account-id", "1").stdout == "Disconnected: One (account 1).\n"
        assert connect(second).account_id == 2


def test_connecting_again_replaces_the_tokens(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    connected(settings, "--streams", "sales")
    before = list(token_store(settings).listed().values())
    connected(settings, "--streams", "items")
    (after,) = token_store(settings).listed().values()
    assert after.refresh_token != before[0].refresh_token
    assert after.holder.scopes == "employee:inventory_read"


@pytest.mark.parametrize("kind", ["tokens.json", "sqlite"])
def test_disconnecting_ends_the_tokens_at_lightspeed(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    where = f"sqlite:///{tmp_path}/tokens.sqlite" if kind == "sqlite" else str(tmp_path / kind)
    settings = settings_of(sandbox, tmp_path) | {"token_store": where}
    connected(settings)
    client = connect(settings)
    assert command(settings, "disconnect").returncode == 0
    assert token_store(settings).listed() == {}
    with pytest.raises(CredentialsError):
        client.accounts()
    again = command(settings, "disconnect")
    assert (again.returncode, again.stderr) == (1, "No account is connected.\n")


def test_tokens_stay_where_lightspeed_cannot_be_told(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    connected(settings)
    nobody = settings | {"auth_url": f"http://127.0.0.1:{free_port()}"}
    refused = command(nobody, "disconnect")
    assert refused.returncode == 1
    assert "Cannot reach" in refused.stderr
    assert connect(settings).account_id == ACCOUNT
    assert command(nobody, "disconnect", "--no-revoke").returncode == 0
    assert token_store(settings).listed() == {}


def test_tokens_that_grew_from_a_configured_one_are_listed_too(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path) | {"refresh_token": sandbox.issue_refresh_token()}
    assert connect(settings).account_id == ACCOUNT
    (listed,) = json.loads(command(settings, "accounts", "--format", "json").stdout)
    assert (listed["account_id"], listed["connected_at"]) == (ACCOUNT, None)


def test_tokens_that_tell_no_account_are_asked_for_it(tmp_path: Path) -> None:
    def reply(asked: Any) -> Answer:
        if asked.method == "POST":
            return Answer(200, {"access_token": "opaque", "refresh_token": "r", "expires_in": 3600})
        return Answer(200, {"Account": {"accountID": "77", "name": "Opaque"}})

    with scripted(reply) as host:
        settings = {"client_id": "c", "token_store": str(tmp_path / "t"), "api_url": host.url, "auth_url": host.url}
        talk = Talk.begun(settings, "--redirect-uri", ELSEWHERE, "--scopes", "register_read")
        talk.type("a-code")
        code, said, _ = talk.end()
    assert code == 0
    assert "Connected: Opaque (account 77)." in said
    (stored,) = token_store(settings).listed().values()
    assert (stored.holder.account_id, stored.holder.scopes) == (77, "employee:register_read")


def test_addresses_can_be_elsewhere(tmp_path: Path) -> None:
    def reply(asked: Any) -> Answer:
        if asked.path == "/tokens/new":
            return Answer(200, {"access_token": "a", "refresh_token": "r", "expires_in": 3600})
        if asked.path == "/gateway/retail/Account.json":
            return Answer(200, {"Account": {"accountID": "1"}})
        return Answer(404)

    with scripted(reply) as host:
        settings = {
            "client_id": "c",
            "refresh_token": "seed",
            "token_store": str(tmp_path / "t"),
            "api_url": host.url,
            "api_path": "/gateway/retail",
            "auth_url": "http://127.0.0.1:9",
            "token_url": f"{host.url}/tokens/new",
        }
        assert connect(settings).account_id == 1


def test_owners_who_are_invited_consent_on_their_own_machines(tmp_path: Path) -> None:
    port = free_port()
    redirect = f"http://127.0.0.1:{port}/lightspeed/callback"
    with running(redirect_uri=redirect) as sandbox:
        settings = settings_of(sandbox, tmp_path)
        made = command(settings, "connect", "--invite", "Northwind Cycles", "--redirect-uri", redirect)
        label, _, address = made.stdout.strip().partition(": ")
        assert (made.returncode, label) == (0, "Northwind Cycles")
        full = [sys.executable, "-m", "lightspeed_retail.cli", "connect", "--serve", "--streams", "sales"]
        server = subprocess.Popen(
            [*full, "--redirect-uri", redirect, "--port", str(port)],
            env=environment(settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr is not None
        said = server.stderr.readline()
        with requests.Session() as browser:
            assert "Northwind Cycles" in browser.get(address, timeout=10).text
            sent = browser.post(address, allow_redirects=False, timeout=10)
            thanks = browser.get(consented(sent.headers["Location"]), timeout=10)
            assert thanks.status_code == 200
            again = browser.get(address, timeout=10)
        server.terminate()
        said += server.communicate(timeout=20)[1]
        assert "It has been used" in again.text
        assert connect(settings).account_id == ACCOUNT
    assert f"{ACCOUNT}" in said
    assert address.rpartition("/")[2] not in said


def test_invitations_need_the_registered_address(sandbox: Sandbox, tmp_path: Path) -> None:
    done = command(settings_of(sandbox, tmp_path), "connect", "--invite", "Somebody")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "--redirect-uri is missing" in done.stderr


def test_scopes_are_ticked_in_a_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    """The least scopes are ticked beforehand; one more is ticked by the arrow and the space bar."""
    settings = settings_of(sandbox, tmp_path)
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 60, 500, 0, 0))
    full = [sys.executable, "-m", "lightspeed_retail.cli", "connect", "--streams", "sales", "--redirect-uri", ELSEWHERE]
    process = subprocess.Popen(
        [*full, "--no-browser"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(settings) | {"TERM": "xterm"},
        start_new_session=True,
    )
    os.close(terminal)
    shown = read_until(screen, "workbench")
    assert shown.count("●") == 1
    assert "● employee:register_read" in shown
    os.write(screen, b"\x1b[B \r")
    shown = read_until(screen, "code_challenge_method=S256")
    process.kill()
    process.wait()
    os.close(screen)
    address = next(line for line in shown.replace("\r", "\n").splitlines() if "authorize?" in line)
    scope = dict(parse_qsl(urlsplit(address[address.index("http") :]).query))["scope"]
    assert scope.split() == ["employee:admin", "employee:register_read"]


def read_until(screen: int, text: str) -> str:
    shown = b""
    end = time.monotonic() + 30
    while text.encode() not in shown and time.monotonic() < end:
        if select.select([screen], [], [], 0.2)[0]:
            shown += os.read(screen, 65536)
    assert text.encode() in shown, shown[-2000:]
    return shown.decode(errors="replace")
