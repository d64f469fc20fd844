"""What is sent to the API: rows made, changed and taken away; the only place that does more than read.

The API has no idempotency key: a POST that is repeated makes a second record. So nothing is sent again unless it is
certain that it was not done; `UncertainError` says so, and whoever gets it must look the record up first.

Source: page "Introduction" and those of the resources (section 6 of the API reference).
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.filepost import encode_multipart_formdata

from lightspeed_retail import errors
from lightspeed_retail.bodies import read_whole
from lightspeed_retail.client import Client
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.endpoint import Action
from lightspeed_retail.transport import ON_THE_WIRE, TIMEOUT
from lightspeed_retail.wire import Record, rows
from lightspeed_retail.write_prices import action_price, path_price, write_price

LONGEST_IDLE = 2.0
"""Seconds after which a connection is not trusted with a write any more.

Servers close idle connections, many after 5 seconds. A write that meets the closing is lost or done, nobody knows."""

_JSON = "application/json"
_METHODS = ("POST", "PUT", "DELETE")
_SUFFIX = ".json"
# 524 is Cloudflare's word for it, which stands before the API (`Cf-Ray`). Source: section 2.3 of the API reference.
_LATE = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT, 524)
# The authorisation server may be out of order; nothing has been sent then.
_SEND_AGAIN = (errors.RateLimitedError, errors.OutageError, requests.ConnectionError, requests.Timeout)

_log = logging.getLogger(__name__)


class Writes:
    """Writes through a client, within its limits and with its credentials.

    All bodies are wire records without an envelope; all answers are wire records.

    Args:
        client: Whose account is written to.
    """

    def __init__(self, client: Client) -> None:
        """Nothing is sent yet."""
        self._client = client
        self._sender = _Sender(client)

    def create(self, resource: type[Resource], body: Record, parent: str | None = None) -> Record:
        """Make a row.

        Args:
            resource: What it is.
            body: What it has; all else takes its default.
            parent: Key of the row below which it is made, where its path or another one hangs below a parent.

        Returns:
            The row as the API has stored it.

        Raises:
            UncertainError: Nobody knows whether it was made.
            ApiError: The API refused it, and it was not made (but see `details` of an `OutOfBalanceError`).
            CredentialsError: The API refused the credentials.
            UnreachableError: Nothing could be sent.
        """
        path = self._list_path(resource, parent)
        return self._row(resource, "POST", path, body, below=parent is not None)

    def update(self, resource: type[Resource], key: str, body: Record, parent: str | None = None) -> Record:
        """Change a row; fields that the body leaves out stay as they are. It returns and raises what `create` does."""
        path = _row_path(self._list_path(resource, parent), key)
        return self._row(resource, "PUT", path, body, below=parent is not None)

    def remove(self, resource: type[Resource], key: str, parent: str | None = None) -> Record | None:
        """Archive or delete a row, whichever DELETE does there. It raises what `create` does.

        Returns:
            The row as it was left, or None where the API only says that it is gone.
        """
        path = _row_path(self._list_path(resource, parent), key)
        _check(resource, "DELETE", below=parent is not None)
        answer = self._sender.send("DELETE", path, write_price(resource, "DELETE"))
        return None if resource.api.terse else _first(resource, answer)

    def act(self, resource: type[Resource], action: str, keys: Mapping[str, str], body: Record | None = None) -> Record:
        """Do something to a row that has a path of its own, such as a refund. It raises what `create` does.

        Args:
            resource: What it is done to.
            action: Name of one of its declared actions.
            keys: The keys that stand in the path: `{"saleID": "12"}`.
            body: What is sent along.

        Returns:
            The row in the answer, or the whole answer where it holds none.
        """
        declared = _action(resource, action)
        path = self._below(_filled(declared.path, keys))
        price = action_price(resource, declared, body)
        answer = self._sender.send(declared.method, path, price, None if body is None else msgspec.json.encode(body))
        return _first(resource, answer) or answer

    def upload(self, path_keys: Mapping[str, str], data: Record, content: bytes, filename: str) -> Record:
        """Make an image out of a file. It returns and raises what `create` does.

        Args:
            path_keys: The key of the row that it shows, `{"itemID": "12"}`; empty where the data name it.
            data: Fields of the image.
            content: The file.
            filename: Its name.
        """
        image = Resource.named("Image")
        path = self._below(_filled(_path_below(image, path_keys), path_keys))
        parts: dict[str, Any] = {"data": msgspec.json.encode(data).decode(), "image": (filename, content)}
        form, content_type = encode_multipart_formdata(parts)
        answer = self._sender.send("POST", path, write_price(image, "POST", data), form, content_type)
        return self._stored(image, "POST", path, answer)

    def send(self, method: str, path: str, body: Record | None = None) -> Record:
        """Write to any path below the account, declared or not. It raises what `create` does.

        Args:
            method: POST, PUT or DELETE.
            path: For example `/Discount.json`.
            body: What is sent along.

        Returns:
            The whole answer.

        Raises:
            ValueError: The method does not write, or the path leads elsewhere.
        """
        if method not in _METHODS or not path.startswith("/") or ".." in path.split("/"):
            message = f"{method} {path} is no write to a path below the account."
            raise ValueError(message)
        content = None if body is None else msgspec.json.encode(body)
        where = f"{self._client.version.root}/Account/{self._client.account_id}{path}"
        return self._sender.send(method, where, path_price(method, path, body or {}), content)

    def _row(self, resource: type[Resource], method: str, path: str, body: Record, *, below: bool) -> Record:
        _check(resource, method, below=below)
        price = write_price(resource, method, body)
        answer = self._sender.send(method, path, price, msgspec.json.encode(body))
        return self._stored(resource, method, path, answer)

    @staticmethod
    def _stored(resource: type[Resource], method: str, path: str, answer: Record) -> Record:
        found = _first(resource, answer)
        if found is None or not found.get(resource.api.key):
            raise errors.UncertainError(method, path, f"the answer has no {resource.__name__} with a key")
        return found

    def _list_path(self, resource: type[Resource], parent: str | None) -> str:
        path = resource.api.path
        if parent is not None and "{" not in path:
            if len(resource.api.below) != 1:
                message = f"{resource.__name__} has no one path below a parent."
                raise ValueError(message)
            path = resource.api.below[0]
        if parent is None and "{" in path:
            message = f"{resource.__name__} needs a parent: {path}."
            raise ValueError(message)
        return self._below(_filled(path, dict.fromkeys(_names(path), parent or "")))

    def _below(self, path: str) -> str:
        return self._client.version.below(path, self._client.account_id)


def _check(resource: type[Resource], method: str, *, below: bool) -> None:
    """Refuse what the API does not offer; a second path below a parent is there to write to (section 5.1)."""
    if method not in resource.api.verbs and not (below and resource.api.below):
        message = f"{method} {resource.__name__}: the API does not offer it."
        raise errors.RequestRefusedError(message, status=HTTPStatus.METHOD_NOT_ALLOWED)


def _action(resource: type[Resource], name: str) -> Action:
    for action in resource.api.actions:
        if action.name == name:
            return action
    message = f"{resource.__name__} has no action {name!r}."
    raise ValueError(message)


def _names(path: str) -> list[str]:
    """The keys that stand in a declared path."""
    return [piece.partition("}")[0] for piece in path.split("{")[1:]]


def _filled(path: str, keys: Mapping[str, str]) -> str:
    if set(_names(path)) != set(keys):
        message = f"{path} needs {_names(path)} and got {sorted(keys)}."
        raise ValueError(message)
    for name, key in keys.items():
        path = path.replace(f"{{{name}}}", quote(str(key), safe=""))
    return path


def _path_below(resource: type[Resource], keys: Mapping[str, str]) -> str:
    fitting = [path for path in resource.api.below if set(_names(path)) == set(keys)]
    return fitting[0] if fitting else resource.api.path


def _row_path(path: str, key: str) -> str:
    return f"{path.removesuffix(_SUFFIX)}/{quote(str(key), safe='')}{_SUFFIX}"


def _first(resource: type[Resource], answer: Record) -> Record | None:
    if resource.envelope() in answer or resource.api.enveloped:
        found = rows(answer, resource.envelope(), resource.api.key)
        return found[0] if found and isinstance(found[0], dict) else None
    return answer


class _Body(io.BytesIO):
    """A body that knows whether it has begun to leave: before that, no server can have acted on the request."""

    has_left = False

    def read(self, size: int | None = -1) -> bytes:
        """Called when all headers have been handed over."""
        self.has_left = True
        return super().read(size)


class _Line(threading.local):
    """The connection of one thread; not shared with reads, so that its age is known."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.used_at = 0.0


class _Sender:
    """Sends one write at a time from each thread, and tells apart what was done, not done, and uncertain.

    Args:
        client: Whose transport it uses.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is sent yet."""
        self._transport = client.transport
        self._line = _Line()
        self._clock = clock

    def send(
        self, method: str, path: str, price: Decimal, content: bytes | None = None, content_type: str = _JSON
    ) -> Record:
        """The body of the answer."""
        return self._transport.patiently(lambda: self._once(method, path, price, content, content_type), _SEND_AGAIN)

    def _once(self, method: str, path: str, price: Decimal, content: bytes | None, content_type: str) -> Record:
        body = _Body()

        def send(token: str) -> requests.Response:
            nonlocal body
            body = _Body(content or b"")
            headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": content_type} if content else {})
            asked = requests.Request(method, self._transport.located(path), headers=headers, data=content)
            return self._sent(asked, body)

        try:
            answer = self._transport.bearing(send, price)
        except ON_THE_WIRE as error:
            if body.has_left:
                happened = f"no whole answer came ({type(error).__name__})"
                is_late = isinstance(error, requests.Timeout)
                raise errors.UncertainError(method, path, happened, is_late=is_late) from None
            raise
        try:
            return self._transport.judged(answer, f"{method} {path}")
        except errors.OutageError as error:
            happened = f"the answer was no answer (status {error.status})"
            raise errors.UncertainError(method, path, happened, is_late=error.status in _LATE) from None

    def _sent(self, asked: requests.Request, body: _Body) -> requests.Response:
        """The whole answer to a request; connections that have been idle for long are not used."""
        session, line = self._transport.session, self._line
        prepared = session.prepare_request(asked)
        streamed: Any = prepared
        streamed.body = body
        settings: dict[str, Any] = {
            **session.merge_environment_settings(prepared.url, proxies={}, stream=False, verify=None, cert=None)
        }
        if self._clock() - line.used_at > LONGEST_IDLE:
            line.adapter.close()
        try:
            answer = line.adapter.send(prepared, timeout=TIMEOUT, **settings)
            read_whole(answer)
        finally:
            line.used_at = self._clock()
        return answer
