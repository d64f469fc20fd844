"""Waiting for a person's consent: the browser comes back to this machine, or the address is pasted."""

from __future__ import annotations

import os
import queue
import sys
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from rich.console import Console

from lightspeed_retail.callback import is_local, listening
from lightspeed_retail.connecting import Connection, Connector
from lightspeed_retail.consent import AnswerError, ConsentRequest, DeniedError, pasted
from lightspeed_retail.errors import CredentialsError, LightspeedError, SettingsError

LOOPBACK = "http://127.0.0.1:8766/callback"
"""Where one listens if nobody says which redirect address is registered."""

_Result = TypeVar("_Result", Connection, LightspeedError)
_EXPLAINED = """\
Lightspeed sends the browser to the redirect address that is registered for your client, which has to be an https \
address.
If it ends there, copy the whole address of that page (or the code) and paste it here within a minute:"""


class Waiting:
    """One request for consent, until it is answered in one way or the other.

    Args:
        connector: Completes the connection.
        request: The request.
        console: Where to talk to the person.
    """

    def __init__(self, connector: Connector, request: ConsentRequest, console: Console) -> None:
        """Prepare; nobody is asked yet."""
        self._connector = connector
        self._request = request
        self._console = console
        self._results: queue.SimpleQueue[Connection | LightspeedError] = queue.SimpleQueue()

    def result(self, redirect_uri: str | None, *, browser: bool, timeout: float) -> Connection:
        """Ask for consent, and wait for it.

        Args:
            redirect_uri: The registered redirect address, if it is known.
            browser: Whether to open one.
            timeout: Seconds to wait.

        Raises:
            LightspeedError: There was no consent, or the account could not be connected.
        """
        with self._listening(redirect_uri) as listens:
            self._invite(browser=browser)
            if not (redirect_uri and listens):
                self._console.print(_EXPLAINED)
            threading.Thread(target=self._read, args=(not listens,), daemon=True).start()
            found = self._next(timeout)
        if isinstance(found, LightspeedError):
            raise found
        return found

    @contextmanager
    def _listening(self, redirect_uri: str | None) -> Iterator[bool]:
        address = redirect_uri or LOOPBACK
        with ExitStack() as stack:
            listens = is_local(address)
            try:
                if listens:
                    stack.enter_context(listening(address, self._finish))
            except SettingsError as error:
                if redirect_uri:
                    raise
                self._console.print(str(error))
                listens = False
            yield listens

    def _invite(self, *, browser: bool) -> None:
        self._console.print("Let this program into your account here:\n")
        self._console.print(self._request.address, style="bold", markup=False)
        self._console.print("")
        if browser and _has_browser() and webbrowser.open(self._request.address):
            self._console.print("Your browser should show this page now. Waiting for your consent ...")

    def _next(self, timeout: float) -> Connection | LightspeedError:
        try:
            return self._results.get(timeout=timeout)
        except queue.Empty:
            return CredentialsError(f"Nobody consented within {timeout:.0f} seconds: connect again.")

    def _finish(self, answer: Mapping[str, str]) -> Connection:
        """Take an answer; one that is no answer to this request leaves it open."""
        try:
            return self._settle(self._connector.complete(self._request, answer))
        except AnswerError:
            raise
        except LightspeedError as error:
            self._settle(error)
            raise

    def _settle(self, result: _Result) -> _Result:
        self._results.put(result)
        return result

    def _read(self, needed: bool) -> None:  # noqa: FBT001  a thread's target takes no names
        """Take what is pasted, line by line, until something fits."""
        problem: LightspeedError = CredentialsError("Nothing was pasted: connect again.")
        for line in sys.stdin:
            if not line.strip():
                continue
            try:
                self._settle(self._connector.complete(self._request, pasted(line)))
            except DeniedError as error:
                self._settle(error)
            except LightspeedError as error:
                problem = error
                self._console.print(f"{error} Open the page again if need be, and paste here:", markup=False)
                continue
            except Exception as error:  # noqa: BLE001  nobody else sees what ends a thread
                self._settle(LightspeedError(f"The account could not be connected ({type(error).__name__})."))
            return
        if needed:
            self._settle(problem)


def _has_browser() -> bool:
    """Whether there is a screen for one: on a server, a browser would take the terminal."""
    if os.environ.get("BROWSER"):
        return True
    if os.environ.get("SSH_CONNECTION") or not sys.stdin.isatty():
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
