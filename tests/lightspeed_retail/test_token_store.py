"""Any token store, a file or a database: processes that are killed in a refresh, and crowds of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from lightspeed_retail.connection import authorisation, connect, token_store
from lightspeed_retail.resources.account import Account
from lightspeed_retail.tokens import Tokens, TokenStore
from lightspeed_sandbox import warehouse
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.warehouse import Warehouse
from tests.scripted import Answer, scripted

ACCOUNT = 4711
KINDS = ["file", "sqlite", "postgresql"]
STEPS = ["request", "answer", "save", "saved", "use"]
PAIR = Tokens("access-1", "refresh-1", 1000.0)
NEXT = Tokens("access-2", "refresh-2", 2000.0)

Place = Callable[[str], str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    store = Store()
    store.put(Account, [{"accountID": ACCOUNT, "name": "Northwind Cycles"}])
    with Sandbox(Config(bucket_size=100_000, drip_rate=10_000), store=store) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse.running(tmp_path_factory.mktemp("postgresql")) as running:
        yield running
    shutil.rmtree(running.directory)


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """What to set token_store to; every test has an empty store of each kind."""

    def of(kind: str) -> str:
        if kind == "postgresql":
            running: Warehouse = request.getfixturevalue("server")
            run(running, "DROP TABLE IF EXISTS lightspeed_retail_tokens")
            return running.url
        return str(tmp_path / "tokens.json") if kind == "file" else f"sqlite:///{tmp_path / 'tokens.sqlite'}"

    return of


def run(server: Warehouse, *statements: str) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def settings_of(sandbox: Sandbox, place: str) -> dict[str, str]:
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.issue_refresh_token(),
        "token_store": place,
        "api_url": sandbox.url,
        "auth_url": sandbox.url,
    }


def store_at(place: str) -> TokenStore:
    return token_store({"token_store": place})


def save(store: TokenStore, name: str, tokens: Tokens) -> None:
    with store.locked(name):
        store.save(name, tokens)


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_saved_is_loaded_by_whoever_comes_next(place: Place, kind: str) -> None:
    where = place(kind)
    assert store_at(where).load("a") is None
    save(store_at(where), "a", PAIR)
    save(store_at(where), "b", PAIR)
    save(store_at(where), "a", NEXT)
    assert [store_at(where).load(name) for name in "abc"] == [NEXT, PAIR, None]


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_without_a_save_changes_nothing_and_ends(place: Place, kind: str) -> None:
    where = place(kind)
    save(store_at(where), "a", PAIR)
    store = store_at(where)
    for _ in range(2):
        with store.locked("a"):
            assert store.load("a") == PAIR
    with store.locked("b"):
        assert (store.load("a"), store.load("b")) == (PAIR, None)


_KILLED = """
import json, os, sys
from lightspeed_retail.connection import authorisation, connect
settings, fatal, established = json.loads(sys.argv[1])
if established:
    connect(settings)
token = authorisation(settings, lambda name: os._exit(7) if name == fatal else None)
token.renew(token.bearer())
"""


@pytest.mark.parametrize("established", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_process_that_is_killed_in_a_refresh_loses_no_account(
    sandbox: Sandbox, place: Place, kind: str, step: str, *, established: bool
) -> None:
    settings = settings_of(sandbox, place(kind))
    killed = start(_KILLED, settings, step, established)
    _, errors = killed.communicate(timeout=60)
    assert (killed.returncode, errors) == (7, "")
    assert connect(settings).account_id == ACCOUNT
    token = authorisation(settings)
    assert token.renew(token.bearer())
    assert connect(settings).account_id == ACCOUNT


# Each process uses the newest token, then renews it, until it has bought twenty pairs itself; what is bought by one
# is used by all, and an access token that another process has renewed meanwhile may be refused: that is no failure.
_CROWDED = """
import json, sys
import requests
from lightspeed_retail.connection import authorisation
(settings,) = json.loads(sys.argv[1])
bought = []
session = requests.Session()
token = authorisation(settings, lambda name: bought.append(name) if name == "saved" else None)
while len(bought) < 20:
    bearer = token.bearer()
    session.get(settings["api_url"] + "/API/V3/Account.json", headers={"Authorization": "Bearer " + bearer})
    token.renew(bearer)
print(len(bought))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_eight_processes_that_buy_twenty_pairs_each_never_spend_a_token_twice(
    sandbox: Sandbox, place: Place, kind: str
) -> None:
    settings = settings_of(sandbox, place(kind))
    crowd = [start(_CROWDED, settings) for _ in range(8)]
    said = [process.communicate(timeout=240) for process in crowd]
    assert [(out.strip(), errors[-800:]) for out, errors in said] == [("20", "")] * 8
    assert connect(settings).account_id == ACCOUNT


def test_a_token_that_lives_for_seconds_is_not_renewed_at_once(sandbox: Sandbox, place: Place) -> None:
    pairs = ({"access_token": f"a{number}", "refresh_token": "r", "expires_in": 5} for number in range(9))
    with scripted(lambda _asked: Answer(200, next(pairs))) as host:
        settings = settings_of(sandbox, place("file")) | {"auth_url": host.url}
        token = authorisation(settings)
        assert [token.bearer(), token.bearer(), authorisation(settings).bearer()] == ["a0"] * 3
