"""The other commands show no secret either: lightspeed-retail, the target, the sandbox's log, the tap under Meltano."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from lightspeed_sandbox.serve import Sandbox
from tests.conftest import ROOT
from tests.secrecy import IMPATIENT, PLANTED, RETAIL, SANDBOX, TARGET, Said, Scene, secretive
from tests.secret_cases import (
    API,
    AUTH,
    CREDENTIALS,
    NETWORK,
    OPAQUE,
    SETTINGS,
    STORES,
    Case,
    block,
    echoing,
)

PREFIX, TARGET_PREFIX = "TAP_LIGHTSPEED_RETAIL_", "TARGET_LIGHTSPEED_RETAIL_"
ELSEWHERE = "https://agency.example/back"
TAG = {"properties": {"tagID": {"type": "integer"}, "name": {"type": "string"}}}
MESSAGES = "\n".join(
    json.dumps(message)
    for message in (
        {"type": "SCHEMA", "stream": "tags", "schema": TAG, "key_properties": ["tagID"]},
        {"type": "RECORD", "stream": "tags", "record": {"tagID": 1, "name": "Sale"}},
    )
)

# What a check of the connection finds otherwise than a run does.
EXAMINED = (
    "token of two lines",
    "secret under a misspelt name",
    "token address with a password",
    "wrong secret",
    "refused access token",
    "api 403",
    "api echoes 401",
    "api garbage",
    "auth echoes 400",
    "auth with another's token",
    "auth with a token of strange letters",
    "api down",
    "proxy with a password",
    "broken ca bundle",
    "store in the way",
    "store damaged",
    "store of another form",
    "store sealed",
    "database with another password",
    "database with its password in the query",
    "database address that lacks a slash",
)
KNOWN = SETTINGS | CREDENTIALS | API | AUTH | NETWORK | STORES
LISTED = ("store damaged", "store of another form", "database down", "database with another password", "home of nobody")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with secretive() as running:
        yield running


@pytest.fixture
def scene(sandbox: Sandbox, tmp_path: Path) -> Scene:
    return Scene(tmp_path, sandbox)


def retail(scene: Scene, *words: str) -> Said:
    return scene.run(IMPATIENT + RETAIL, *words, prefix=PREFIX)


def is_discreet(scene: Scene, said: Said, *, fails: bool) -> None:
    assert (said.code != 0) == fails, said.out + said.errors
    assert scene.leaks() == []
    assert "Traceback" not in said.errors


@pytest.mark.parametrize("name", EXAMINED)
def test_the_doctor_keeps_secrets(scene: Scene, name: str) -> None:
    with KNOWN[name].staged(scene):
        is_discreet(scene, retail(scene, "doctor"), fails=True)


@pytest.mark.parametrize("words", ["doctor", "scopes", "accounts", "accounts --format=json"])
def test_commands_that_go_well_keep_secrets(scene: Scene, words: str) -> None:
    is_discreet(scene, retail(scene, *words.split()), fails=False)


@pytest.mark.parametrize("name", LISTED)
def test_a_list_of_accounts_keeps_secrets(scene: Scene, name: str) -> None:
    with KNOWN[name].staged(scene):
        is_discreet(scene, retail(scene, "accounts"), fails=True)


def test_a_file_of_settings_that_is_none_keeps_secrets(scene: Scene) -> None:
    config = scene.given("config.json", f'["{OPAQUE}"')
    is_discreet(scene, scene.run(RETAIL, "doctor", "--config", config), fails=True)


def consented(address: str, decision: str) -> str:
    """Where the browser ends after somebody has decided."""
    fields = dict(parse_qsl(urlsplit(address).query)) | {"employee": "Ann", "decision": decision}
    answer = requests.post(address.partition("?")[0], data=fields, allow_redirects=False, timeout=10)
    return str(answer.headers["Location"])


def connect(scene: Scene, decision: str = "authorise", *, auth: str = "", change: str = "") -> Said:
    """Connect an account by pasting.

    Args:
        scene: Where.
        decision: What the person decides.
        auth: Where a person consents, if the settings name another host.
        change: What is added to the pasted address.
    """
    scene.settings.pop("refresh_token", None)
    words = ["connect", "--no-browser", "--timeout=10", "--redirect-uri", ELSEWHERE]
    scene.start(IMPATIENT + RETAIL, *words, prefix=PREFIX)
    assert scene.process is not None
    assert scene.process.stdout is not None
    for line in scene.process.stdout:
        scene.said += line
        if "/auth/oauth/authorize?" in line:
            address = line.strip()
            there = auth or scene.sandbox.url
            pasted = consented(there + address[address.index("/auth/oauth") :], decision) + change
            return scene.end(pasted + "\n")
    return scene.end()


def test_connecting_and_disconnecting_keep_secrets(scene: Scene) -> None:
    is_discreet(scene, connect(scene), fails=False)
    assert len([token for token in scene.sandbox.server.grants.given if token.startswith("def502")]) > 1
    for words in (["accounts"], ["accounts", "--format=json"], ["doctor"], ["disconnect", "--yes"], ["accounts"]):
        is_discreet(scene, retail(scene, *words), fails=False)


CONNECTING: dict[str, tuple[Case, dict[str, Any]]] = {
    "denied": (Case(), {"decision": "deny"}),
    "another code": (Case(), {"change": OPAQUE}),
    "another state": (Case(), {"change": f"&state={OPAQUE}"}),
    "wrong secret": (CREDENTIALS["wrong secret"], {}),
    "auth echoes 400": (Case(auth=echoing(400)), {}),
    "auth echoes 500": (Case(auth=echoing(500)), {}),
    "auth with strange letters": (AUTH["auth with a token of strange letters"], {}),
    "auth garbage": (AUTH["auth garbage"], {}),
    "api echoes 401": (Case(api=echoing(401)), {}),
    "store in the way": (Case(before=block), {}),
}


@pytest.mark.parametrize(("case", "how"), CONNECTING.values(), ids=list(CONNECTING))
def test_an_account_that_cannot_be_connected_keeps_secrets(scene: Scene, case: Case, how: dict[str, Any]) -> None:
    with case.staged(scene):
        is_discreet(scene, connect(scene, **how), fails=True)


def test_an_account_whose_name_cannot_be_asked_for_keeps_secrets(scene: Scene) -> None:
    with API["api 500"].staged(scene):
        is_discreet(scene, connect(scene), fails=False)


@pytest.mark.parametrize("status", [400, 500])
def test_an_account_that_cannot_be_disconnected_keeps_secrets(scene: Scene, status: int) -> None:
    assert connect(scene).code == 0
    with Case(auth=echoing(status)).staged(scene):
        is_discreet(scene, retail(scene, "disconnect", "--yes"), fails=True)
    is_discreet(scene, retail(scene, "accounts"), fails=False)


@pytest.mark.parametrize("words", ["--about", "--about --format=json", "--about --format=markdown"])
def test_what_the_target_says_of_itself_keeps_secrets(scene: Scene, words: str) -> None:
    said = scene.run(TARGET, "--config=ENV", *words.split(), prefix=TARGET_PREFIX)
    is_discreet(scene, said, fails=False)


SOME = ("wrong secret", "api echoes 401", "auth echoes 400", "store damaged", "database with another password")
WRITING = SETTINGS | {name: KNOWN[name] for name in SOME} | {"good": Case()}


@pytest.mark.parametrize("case", WRITING.values(), ids=list(WRITING))
def test_the_target_keeps_secrets(scene: Scene, case: Case) -> None:
    scene.variables["LOGLEVEL"] = "DEBUG"
    with case.staged(scene):
        scene.settings.pop("lookback_seconds", None)
        said = scene.run(IMPATIENT + TARGET, "--config", scene.given("config.json", scene.settings), typed=MESSAGES)
    assert scene.leaks() == []
    assert "Traceback" not in said.errors


def test_the_log_of_the_sandbox_keeps_secrets(scene: Scene) -> None:
    """It prints the credentials that it was made for; those that it gives out later are nobody else's."""
    scene.start(SANDBOX, "serve", "--port=0", "--days=1", "--sales-per-day=1")
    assert scene.process is not None
    assert scene.process.stdout is not None
    variables = json.loads(scene.process.stdout.readline())
    url, settings = (
        variables["LIGHTSPEED_SANDBOX_URL"],
        {name.removeprefix(PREFIX).lower(): value for name, value in variables.items() if name.startswith(PREFIX)},
    )
    fields = {**{name: settings[name] for name in ("client_id", "client_secret", "refresh_token")}}
    pair = requests.post(f"{url}/auth/oauth/token", data={**fields, "grant_type": "refresh_token"}, timeout=10).json()
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    for path in ("/API/V3/Account.json", "/API/V3/Account/1/Nothing.json"):
        requests.get(url + path, headers=bearer, timeout=10)
    requests.get(f"{url}/API/V3/Account.json", headers={"Authorization": f"Bearer {OPAQUE}"}, timeout=10)
    requests.post(f"{url}/auth/oauth/token", data={**fields, "refresh_token": OPAQUE}, timeout=10)
    requests.post(f"{url}/auth/oauth/token", data=OPAQUE, headers={"Content-Type": "application/json"}, timeout=10)
    page = f"{url}/auth/oauth/authorize?response_type=code&client_id={settings['client_id']}&scope=employee:all&state=s"
    code = dict(parse_qsl(urlsplit(consented(page, "authorise")).query))["code"]
    log = requests.get(f"{url}/sandbox/requests", timeout=10).text
    scene.process.send_signal(signal.SIGTERM)
    said = scene.end()
    scene.said += log
    assert said.code == 0
    given = [code, pair["refresh_token"], pair["access_token"]]
    assert [token for token in given if token in scene.said or token[-40:] in scene.said] == []
    assert scene.leaks() == []
    assert "/API/V3/Account.json" in log


MELTANO = {
    "invoke": (["invoke", "tap-lightspeed-retail", "--test=all"], {}, False),
    "wrong secret": (["config", "test", "tap-lightspeed-retail"], {"client_secret": OPAQUE}, True),
    "print": (["config", "print", "tap-lightspeed-retail"], {"access_token": OPAQUE}, False),
}


@pytest.mark.parametrize(("words", "change", "fails"), MELTANO.values(), ids=list(MELTANO))
def test_the_tap_under_meltano_keeps_secrets(
    scene: Scene, words: list[str], change: dict[str, str], *, fails: bool
) -> None:
    shutil.copy(ROOT / "meltano.yml", scene.folder / "work")
    scene.settings |= change
    scene.variables |= {"LOGLEVEL": "DEBUG", "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"}
    program = "import sys; sys.argv[0] = 'meltano'; from meltano.cli import main; main()"
    said = scene.run(program, "--log-level=debug", *words, prefix=PREFIX)
    assert (said.code != 0) == fails, said.out + said.errors
    assert scene.leaks() == []


def test_a_made_up_secret_in_a_setting_that_is_shown_would_be_found(scene: Scene) -> None:
    scene.run("import os; print(os.environ['TAP_LIGHTSPEED_RETAIL_CLIENT_SECRET'])", prefix=PREFIX)
    assert len(scene.leaks()) == 1
    assert PLANTED in scene.leaks()[0]
