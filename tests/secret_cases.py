"""Kinds of failure in which a command could say too much: settings, hosts, networks, stores, crashes, loud logs."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from lightspeed_retail.connection import connect
from tests.scripted import Answer, Asked, scripted
from tests.secrecy import PLANTED, Scene
from tests.tapping import Message

OPAQUE = f"{PLANTED}-opaque"
BOUGHT = {"access_token": f"{PLANTED}-access", "refresh_token": f"{PLANTED}-refresh", "expires_in": 3600}
HTML = f"<html><body>{PLANTED} Bearer {PLANTED}</body></html>".encode()
KEY_VARIABLE = "LIGHTSPEED_RETAIL_TOKEN_KEY"
KEY, OTHER_KEY = "bGlnaHRzcGVlZCBrZXkgb2YgdGhpcnR5LXR3byBieXQ=", "YW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcy4="
CRASH = """
import requests
send = requests.Session.send
def crash(self, request, **options):
    if "Authorization" in request.headers:
        raise RuntimeError("a bug")
    return send(self, request, **options)
requests.Session.send = crash
"""

Reply = Callable[[Asked], Answer]


@dataclass(frozen=True)
class Case:
    """One way in which a run goes wrong.

    Args:
        settings: What is set otherwise than it should be.
        variables: Environment variables.
        api: What the API answers, if not the sandbox.
        auth: What the authorisation server answers, if not the sandbox.
        before: What happens to the place beforehand.
        files: Contents of files that the command is given, by the option that names them.
        most_bytes: How large files can become.
        insert: Code that runs before the program.
        fails: Whether it ends badly.
    """

    settings: Message = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    api: Reply | None = None
    auth: Reply | None = None
    before: Callable[[Scene], None] = lambda _scene: None
    files: dict[str, Any] = field(default_factory=dict)
    most_bytes: int | None = None
    insert: str = ""
    fails: bool = True

    @contextmanager
    def staged(self, scene: Scene) -> Iterator[None]:
        """Let everything be as the case says, meanwhile."""
        with ExitStack() as stack:
            for name, reply in (("api_url", self.api), ("auth_url", self.auth)):
                if reply is not None:
                    scene.settings[name] = stack.enter_context(scripted(reply)).url
            if OUR_DATABASE in self.settings.values():
                scene.settings["token_store"] = stack.enter_context(refusing_database())
            scene.settings |= {name: value for name, value in self.settings.items() if value is not OUR_DATABASE}
            self.before(scene)
            scene.variables |= self.variables
            yield


OUR_DATABASE = "a database that knows another password"


def answering(status: int, body: Any = None, headers: dict[str, str] | None = None, *, cut: bool = False) -> Reply:
    """A host that always answers the same."""
    return lambda _asked: Answer(status, body, headers or {}, cut=cut)


def refusing(status: int) -> Reply:
    """A host that refuses in the API's own words."""
    return answering(status, {"httpCode": str(status), "message": "No.", "errorClass": "Exception"})


def echoing(status: int) -> Reply:
    """A host that repeats in its error what it was sent."""

    def reply(asked: Asked) -> Answer:
        told = f"{asked.headers.get('Authorization', '')} {asked.body.decode()}"
        return Answer(status, dict.fromkeys(("message", "hint", "error", "error_description", "errorClass"), told))

    return reply


@contextmanager
def refusing_database() -> Iterator[str]:
    """A PostgreSQL server that asks for a password and refuses it, which it repeats; its address, password included."""

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client:
                    _refuse(client)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"postgresql://me:{OPAQUE}@127.0.0.1:{listening.getsockname()[1]}/tokens"


def _refuse(client: socket.socket) -> None:
    # A message of eight bytes asks for encryption, which there is none of.
    while len(client.recv(1000)) == 8:
        client.sendall(b"N")
    client.sendall(b"R" + (8).to_bytes(4) + (3).to_bytes(4))
    password = client.recv(1000)[5:].rstrip(b"\0")
    told = b"SFATAL\0C28P01\0Mpassword authentication failed: " + password + b"\0\0"
    client.sendall(b"E" + (len(told) + 4).to_bytes(4) + told)


def use(scene: Scene) -> None:
    """Let there be tokens in the store."""
    connect(scene.settings)


def damage(scene: Scene) -> None:
    scene.store.write_text(f'{{"connections": {{"{PLANTED}": ', encoding="utf-8")


def misform(scene: Scene) -> None:
    use(scene)
    document = json.loads(scene.store.read_text(encoding="utf-8"))
    for entry in document["connections"].values():
        entry["expires_at"] = entry["access_token"]
    scene.store.write_text(json.dumps(document), encoding="utf-8")


def block(scene: Scene) -> None:
    """Put a file where the store's folder should be: that stops even root."""
    scene.store.parent.rmdir()
    scene.store.parent.write_text("in the way", encoding="utf-8")


def seal(scene: Scene) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        use(scene)


def give_away(scene: Scene) -> None:
    use(scene)
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(scene.store, 65534, -1)


def keep_in_sqlite(scene: Scene) -> None:
    scene.settings["token_store"] = f"sqlite:///{scene.store}"
    use(scene)


def log_all(scene: Scene) -> None:
    """Everything at DEBUG, into a file and, structured, on standard error."""
    debug_log = str(scene.folder / "work" / "debug.log")
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": {"()": "singer_sdk.logging.StructuredFormatter"}},
        "handlers": {
            "file": {"class": "logging.FileHandler", "filename": debug_log, "level": "DEBUG"},
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured", "level": "DEBUG"},
        },
        "root": {"level": "DEBUG", "handlers": ["file", "stderr"]},
        # SQLAlchemy stays silent unless it is named.
        "loggers": {"sqlalchemy": {"level": "DEBUG"}},
    }
    scene.variables["SINGER_SDK_LOG_CONFIG"] = scene.given("logging.yaml", config)


def log_all_of_sqlite(scene: Scene) -> None:
    """The same with tokens in a database: short ones, which no log would cut off."""
    keep_in_sqlite(scene)
    log_all(scene)
    with closing(sqlite3.connect(scene.store)) as database, database:
        ((text,),) = database.execute("SELECT tokens FROM lightspeed_retail_tokens")
        short = json.loads(text) | {"access_token": f"{OPAQUE}-1", "refresh_token": f"{OPAQUE}-2"}
        database.execute("UPDATE lightspeed_retail_tokens SET tokens = ?", [json.dumps(short)])


def encrypt_with_nobody(scene: Scene) -> None:
    """Ask for TLS where there is none."""
    scene.settings["auth_url"] = scene.sandbox.url.replace("http:", "https:")


def trust_rubbish(scene: Scene) -> None:
    encrypt_with_nobody(scene)
    scene.settings["ca_bundle"] = scene.given("ca.pem", OPAQUE)


SETTINGS = {
    "secret of another type": Case({"client_secret": {"inner": OPAQUE}}),
    "refresh token of another type": Case({"refresh_token": [OPAQUE]}),
    "access token of another type": Case({"access_token": {"inner": OPAQUE}}),
    "store of another type": Case({"token_store": {"inner": OPAQUE}}),
    "number of another type": Case({"lookback_seconds": OPAQUE}),
    "token of two lines": Case({"refresh_token": f"{OPAQUE}\nmore"}),
    "token of strange letters": Case({"access_token": f"{OPAQUE}\u2603"}),
    "secret under a misspelt name": Case({"client_secrt": OPAQUE}),
    "address with a password": Case({"api_url": f"https://me:{OPAQUE}@127.0.0.1"}),
    "token address with a password": Case({"token_url": f"https://me:{OPAQUE}@127.0.0.1:1/token"}),
    "token address with a query": Case({"token_url": f"http://127.0.0.1:1/token?key={OPAQUE}"}),
    "path with a query": Case({"api_path": f"/API?key={OPAQUE}"}),
    "user agent of two lines": Case({"user_agent": f"me\n{OPAQUE}"}),
}

CREDENTIALS = {
    "wrong secret": Case({"client_secret": OPAQUE}),
    "unknown refresh token": Case({"refresh_token": OPAQUE}),
    "refused access token": Case({"access_token": OPAQUE}),
}

API = {
    **{f"api {status}": Case(api=refusing(status)) for status in (401, 403, 404, 429, 500)},
    **{f"api echoes {status}": Case({"access_token": OPAQUE}, api=echoing(status)) for status in (401, 403, 500)},
    "api with a strange account": Case(api=answering(200, {"Account": {"accountID": OPAQUE}})),
    "api garbage": Case(api=answering(200, HTML)),
    "api cut off": Case(api=answering(200, {"Account": OPAQUE}, cut=True)),
    "api redirect": Case(api=answering(302, b"", {"Location": f"https://elsewhere.example/?token={OPAQUE}"})),
}

AUTH = {
    **{f"auth {status}": Case(auth=refusing(status)) for status in (401, 429, 500)},
    **{f"auth echoes {status}": Case(auth=echoing(status)) for status in (400, 500)},
    "auth garbage": Case(auth=answering(200, HTML)),
    "auth cut off": Case(auth=answering(200, BOUGHT, cut=True)),
    "auth redirect": Case(auth=answering(307, b"", {"Location": f"https://x.example/?token={OPAQUE}"})),
    "auth without access token": Case(auth=answering(200, {"refresh_token": OPAQUE})),
    "auth with strange types": Case(auth=answering(200, {"access_token": {"in": OPAQUE}, "expires_in": OPAQUE})),
    "auth with a token of two lines": Case(auth=answering(200, {**BOUGHT, "access_token": f"a\n{OPAQUE}"})),
    "auth with a token of strange letters": Case(auth=answering(200, {**BOUGHT, "access_token": f"{OPAQUE}\u2603"})),
    "auth with another's token": Case(auth=answering(200, BOUGHT)),
}

NETWORK = {
    "api down": Case({"api_url": "http://127.0.0.1:1"}),
    "auth down": Case({"auth_url": "http://127.0.0.1:1"}),
    "proxy with a password": Case(variables={"http_proxy": f"http://me:{OPAQUE}@127.0.0.1:1"}),
    "proxy that is no address": Case(variables={"http_proxy": f"http://me:{OPAQUE}@[x"}),
    "no tls": Case(before=encrypt_with_nobody),
    "broken ca bundle": Case(before=trust_rubbish),
}

STORES = {
    "store in the way": Case(before=block),
    "store damaged": Case(before=damage),
    "store of another form": Case(before=misform),
    "store of another user": Case(before=give_away),
    "store sealed": Case(before=seal),
    "store sealed with another key": Case(before=seal, variables={KEY_VARIABLE: OTHER_KEY}),
    "key that is none": Case(variables={KEY_VARIABLE: OPAQUE}),
    "disk full": Case(most_bytes=100),
    "database down": Case({"token_store": f"postgresql://me:{OPAQUE}@127.0.0.1:1/tokens"}),
    "database with another password": Case({"token_store": OUR_DATABASE}),
    "database with its password in the query": Case({"token_store": f"postgresql://127.0.0.1:1/x?password={OPAQUE}"}),
    "database of an unknown kind": Case({"token_store": f"nosuch://me:{OPAQUE}@host/tokens"}),
    "database address that lacks a slash": Case({"token_store": f"postgresql:/me:{OPAQUE}@host/tokens"}),
    "database address with a strange port": Case({"token_store": f"postgresql://me:{OPAQUE}@host:port/tokens"}),
    "home of nobody": Case({"token_store": f"~nobody-{OPAQUE}/tokens.json"}),
}

CRASHES = {
    "catalog that is none": Case(files={"--catalog": f'{{"streams": "{OPAQUE}"'}),
    "catalog of another form": Case(files={"--catalog": {"streams": [{"tap_stream_id": OPAQUE}, 5]}}),
    "state that is none": Case(files={"--state": f'{{"{OPAQUE}'}),
    "bug": Case(insert=CRASH),
    "bug, structured": Case(insert=CRASH, before=log_all),
}

LOUD = {
    "good": Case(fails=False),
    "good, at debug": Case(variables={"LOGLEVEL": "DEBUG"}, fails=False),
    "good, with a configured log": Case(before=log_all, fails=False),
    "good, from a database at debug": Case(before=keep_in_sqlite, variables={"LOGLEVEL": "DEBUG"}, fails=False),
    "refused, from a database with a configured log": Case(before=log_all_of_sqlite),
    "wrong secret, with a configured log": Case({"client_secret": OPAQUE}, before=log_all),
    "api 500, at debug": Case(api=refusing(500), variables={"LOGLEVEL": "DEBUG"}),
    "proxy, at debug": Case(variables={"http_proxy": f"http://me:{OPAQUE}@127.0.0.1:1", "LOGLEVEL": "DEBUG"}),
}
