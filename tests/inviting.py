"""A server of invitations, and somebody who has been sent a link."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from lightspeed_retail.connecting import Connection, Connector
from lightspeed_retail.consent import ConsentRequest
from lightspeed_retail.invitation_server import InvitationServer
from lightspeed_retail.invitations import InvitationBook, link
from lightspeed_retail.reception import Reception

REDIRECT = "https://agency.example/lightspeed/callback"
SCOPES = ("employee:register_read", "employee:customers")
CODE = "the-secret-code"


class Stand(Connector):
    """Connects accounts without asking anybody."""

    def __init__(self) -> None:
        """Begin with an account that answers at once."""
        self.codes: list[str] = []
        self.error: Exception | None = None
        self.account = 100000
        self.pause = 0.0

    def request(self, scopes: Iterable[str]) -> ConsentRequest:
        """A new request."""
        return ConsentRequest("client", tuple(scopes), "https://lightspeed.example")

    def complete(self, request: ConsentRequest, answer: Mapping[str, str]) -> Connection:
        """Take the code."""
        self.codes.append(request.code(answer))
        time.sleep(self.pause)
        if self.error is not None:
            raise self.error
        return Connection(self.account, "Bike & <Ski> Shop", "client", request.scopes, 1.0, 1.0, "name")


class Clock:
    """Seconds that go as fast as one wants."""

    now = 1000.0

    def __call__(self) -> float:
        """What it is."""
        return self.now


class Place:
    """A running server, as somebody finds who has a link."""

    def __init__(self, folder: Path) -> None:
        """Prepare; nothing listens yet."""
        self.book = InvitationBook(folder / "invitations.json")
        self.stand = Stand()
        self.clock = Clock()
        self.address = ""

    @contextmanager
    def running(self, redirect: str = REDIRECT) -> Iterator[Place]:
        """Serve."""
        desk = Reception(self.book, self.stand, redirect, SCOPES, self.clock)
        with InvitationServer(desk, redirect, "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            self.address = f"http://127.0.0.1:{server.port}"
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def here(self, address: str) -> str:
        """Where the proxy passes on what is asked of the public address."""
        parts = urlsplit(address)
        return self.address + parts.path + (f"?{parts.query}" if parts.query else "")

    def get(self, address: str, **headers: str) -> requests.Response:
        """Open a page."""
        return requests.get(self.here(address), headers=headers, timeout=10)


class Owner:
    """Somebody with a link and a browser."""

    def __init__(self, place: Place, token: str) -> None:
        """Nothing is opened yet."""
        self.place = place
        self.link = link(REDIRECT, token)
        self.cookie = ""
        self.state = ""

    def goes_on(self) -> requests.Response:
        """Press the button."""
        answer = requests.post(self.place.here(self.link), timeout=10, allow_redirects=False)
        if answer.status_code == 303:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
            (self.state,) = parse_qs(urlsplit(answer.headers["Location"]).query)["state"]
        return answer

    def comes_back(self, query: str = f"code={CODE}", **headers: str) -> requests.Response:
        """Arrive from Lightspeed."""
        brought = {"Cookie": f'other={{"a": 1}}; {self.cookie}; more=x', **headers}
        return self.place.get(f"{REDIRECT}?{query}&state={self.state}", **brought)

    def returns(self) -> requests.Response:
        """Press the button, and arrive."""
        self.goes_on()
        return self.comes_back()
