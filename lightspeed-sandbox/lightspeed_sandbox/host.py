"""Where a sandbox listens: a server in a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from lightspeed_sandbox.connections import Connections

_START_TIMEOUT = 10.0
_TICK = 0.005


class Host:
    """An address that can be listened at.

    Args:
        address: Name or number of the machine.
        port: Number of the port; 0 takes a free one.
    """

    def __init__(self, address: str, port: int) -> None:
        """Nothing listens yet."""
        self.connections = Connections()
        self._address = address
        self._port = port
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        if self._socket is None:
            message = "The sandbox is not running."
            raise RuntimeError(message)
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self, app: ASGIApp) -> None:
        """Listen, and return when requests can come.

        Raises:
            OSError: The address is taken.
        """
        self._socket = _listen(self._address, self._port)
        settings = uvicorn.Config(
            app,
            http=self.connections.protocol(),
            log_config=None,
            log_level="warning",
            access_log=False,
            ws="none",
            lifespan="off",
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._uvicorn.run, args=([self._socket],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._uvicorn.started and time.monotonic() < deadline:
            time.sleep(_TICK)

    def stop(self) -> None:
        """Stop listening."""
        if self._uvicorn is not None and self._thread is not None:
            self._uvicorn.should_exit = True
            self.connections.let_go()
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Hosted(ABC):
    """What answers at a host while its context lasts.

    Args:
        host: Where it is reached.
    """

    def __init__(self, host: Host) -> None:
        """Nothing listens yet."""
        self._host = host

    @property
    def url(self) -> str:
        """Scheme, host and port; the API and the authorisation server share them."""
        return self._host.url

    def start(self) -> Self:
        """Listen, and return when requests can come.

        Raises:
            OSError: The address is taken.
        """
        self._host.start(self.app)
        return self

    def stop(self) -> None:
        """Stop listening and make the data durable."""
        self._host.stop()
        self._keep()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    @abstractmethod
    def app(self) -> ASGIApp:
        """What answers."""

    @abstractmethod
    def _keep(self) -> None:
        """Make the data durable."""


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket that names its protocol: only then does asyncio send answers without delay (TCP_NODELAY)."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    listening.listen(1024)
    return listening
