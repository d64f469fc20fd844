"""One HTTP client for the API: pages, single records, errors and retries, all within the limits.

Source: pages "Introduction", "Pagination", "Rate limits" and "Errors" (sections 2 to 4 of the API reference).
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import backoff
import requests
import urllib3

from lightspeed_retail import errors
from lightspeed_retail.oauth import Authorisation
from lightspeed_retail.pacing import Limits, Pacer
from lightspeed_retail.query import BASE_PRICE, PAGE_SIZE, Query, Version, encoded
from lightspeed_retail.resources import FieldType, Resource
from lightspeed_retail.token_endpoint import decoded
from lightspeed_retail.wire import Record, rows

DEFAULT_API_URL = "https://api.lightspeedapp.com"
_TIMEOUT = (10.0, 180.0)
_MAX_TRIES = 8
_FIRST_TRIES = 3
_LONGEST_WAIT = 60.0
_SMALLEST_PAGE = 10
# How often an answer is asked for that may be too much for the API, before it is asked for less.
_HEAVY_TRIES = 3
_TOLERATED_SKEW = 120.0
_TOO_MUCH = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.GATEWAY_TIMEOUT)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """A page of a walk.

    Args:
        rows: Records as they stand on the wire, none for an empty list.
        next: Address of the following page; None on the last one.
        date: The server's clock when it answered.
    """

    rows: list[Record]
    next: str | None
    date: datetime


class Client:
    """Reads from one Lightspeed account host, never faster than it allows.

    Args:
        authorisation: Where the bearer for each request comes from.
        api_url: Scheme and host of the API.
        api_path: What stands in the place of `/API/V3` (or `/API`), where a gateway serves it elsewhere.
        user_agent: How the program names itself.
        session: Connection to use; certificate settings come with it.
        pacer: The model of the limits; shared where several clients work on one bucket.
        retry_wait: Seconds before the first repetition; each further one waits twice as long.
        version: Version of the API to ask.
    """

    def __init__(
        self,
        authorisation: Authorisation,
        *,
        api_url: str = DEFAULT_API_URL,
        api_path: str | None = None,
        user_agent: str | None = None,
        session: requests.Session | None = None,
        pacer: Pacer | None = None,
        retry_wait: float = 0.5,
        version: Version = Version.V3,
    ) -> None:
        """Prepare a client; nothing is asked yet."""
        self.version = version
        self.pacer = pacer or Pacer()
        self.requests = 0
        self.account_id: int | None = None
        self.known_accounts: list[Record] = []
        self._page_sizes: dict[type[Resource], int] = {}
        self._authorisation = authorisation
        self._api_url = api_url.rstrip("/")
        self._api_path = (api_path or version.root).rstrip("/")
        self._session = session or requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": user_agent or "lightspeed-retail"})
        self._first_date: datetime | None = None
        self._lock = threading.Lock()
        self._get_with_retries = self._retrying(retry_wait)(self._get_once)

    @property
    def now(self) -> datetime:
        """When the run began: the `Date` of the first answer, or local time before there is one."""
        return self._first_date or datetime.now(UTC)

    def accounts(self) -> list[Record]:
        """The accounts that the token belongs to, as they stand on the wire; normally one."""
        answer, _ = self._get(f"{self.version.root}/Account.json", BASE_PRICE)
        self.known_accounts = rows(answer, "Account")
        return self.known_accounts

    def record(self, path: str) -> Record:
        """A single answer at a path below the version, for example `/Account/1.json`, as it stands on the wire."""
        answer, _ = self._get(self.version.root + path, BASE_PRICE)
        return answer

    def single(self, resource: type[Resource]) -> Record:
        """The one record of a resource that has no list, such as the session, as it stands on the wire."""
        answer, _ = self._get(self.version.path(resource, self.account_id), BASE_PRICE)
        found: Record = answer.get(resource.envelope(), answer)
        return found

    def pages(self, query: Query) -> Iterator[Page]:
        """Walk through a list, page by page.

        V3 is walked by the API's own links. V2 has only offsets, which lose rows that shift, so it is walked by key
        where rows have a number for one.

        Args:
            query: What to ask for.

        Yields:
            Pages in the order of the walk, empty ones included.

        Raises:
            ApiError: The API refused the question.
            CredentialsError: The API refused the credentials.
            UnreachableError: The API did not answer, however often it was asked.
        """
        query = replace(query, limit=min(query.limit, self._page_sizes.get(query.resource, query.limit)))
        path = self.version.path(query.resource, self.account_id, query.parent)
        walk = self._walk(path, query)
        try:
            first = next(walk)
        except errors.NotFoundError:
            if query.resource.api.elsewhere is None:
                raise
            walk = self._walk(self.version.below(query.resource.api.elsewhere, self.account_id), query)
        else:
            yield first
        yield from walk

    def _walk(self, path: str, query: Query) -> Iterator[Page]:
        if self.version is Version.V3:
            return self._linked_pages(path, query)
        return self._pages_by_key(path, query) if has_number(query.resource) else self._pages_by_offset(path, query)

    def _linked_pages(self, path: str, query: Query) -> Iterator[Page]:
        address: str | None = f"{path}?{query.encoded()}"
        while address is not None:
            answer, date = self._get_page(address, query)
            following = self._following(answer, address)
            found = _rows(answer, query)
            if "@attributes" not in answer and len(found) >= PAGE_SIZE:
                _log.warning("GET %s: %d rows and no link to more; there may be some.", path, len(found))
            yield Page(found, following, date)
            address = following

    def _pages_by_key(self, path: str, query: Query) -> Iterator[Page]:
        key = query.resource.api.key
        # Without a word V2 sorts by the key as well, and a field that V3 does not sort by costs 4 drips.
        rest: Query | None = replace(query, sort=key if key in query.resource.api.sortable else None)
        last = -1
        while rest is not None:
            address = f"{path}?{rest.encoded(self.version)}"
            answer, date = self._get_page(address, query)
            found = _rows(answer, query)
            highest = max((int(row[key]) for row in found), default=last)
            more = _more(answer, len(found), len(found))
            if more and highest <= last:
                message = f"GET {path}: the API ignores the filter on {key}; the walk cannot go on."
                raise errors.OutageError(message, status=HTTPStatus.OK)
            rest, last = (rest.after(highest) if more else None), highest
            yield Page(found, address if rest else None, date)

    def _pages_by_offset(self, path: str, query: Query) -> Iterator[Page]:
        offset: int | None = 0
        while offset is not None:
            params = [*query.params(self.version), *([("offset", str(offset))] if offset else [])]
            address = f"{path}?{encoded(params)}"
            answer, date = self._get_page(address, query)
            found = _rows(answer, query)
            offset = offset + len(found) if _more(answer, len(found), offset + len(found)) else None
            yield Page(found, address if offset else None, date)

    @staticmethod
    def _following(answer: Record, address: str) -> str | None:
        """The next page on our own host: the token must not follow a link elsewhere."""
        attributes = answer.get("@attributes")
        link = attributes.get("next") if isinstance(attributes, dict) else None
        if not link:
            return None
        parts = urlsplit(str(link))
        following = f"{parts.path or urlsplit(address).path}?{parts.query}"
        if following == address:
            message = f"GET {urlsplit(address).path}: the API links a page to itself; the walk cannot go on."
            raise errors.OutageError(message, status=HTTPStatus.OK)
        return following

    def _get_page(self, address: str, query: Query) -> tuple[Record, datetime]:
        """Get a page; smaller pages where the API runs out of memory or time (it answers 500 or 504 then)."""
        limit = int(dict(parse_qsl(urlsplit(address).query)).get("limit", "0"))
        while True:
            smaller = limit // 2
            can_shrink = smaller >= _SMALLEST_PAGE
            try:
                return self._get(address, query.price, query.resource, _HEAVY_TRIES if can_shrink else _MAX_TRIES)
            except errors.OutageError as error:
                if not can_shrink or error.status not in _TOO_MUCH:
                    raise
                _log.warning("Trying %s again with %s rows a page.", urlsplit(address).path, smaller)
                limit = self._page_sizes[query.resource] = smaller
                address = _with_limit(address, limit)

    def _get(
        self, address: str, price: Decimal, listed: type[Resource] | None = None, heavy_tries: int = _MAX_TRIES
    ) -> tuple[Record, datetime]:
        answer: tuple[Record, datetime] = self._get_with_retries(heavy_tries, address, price, listed)
        return answer

    def _get_once(self, address: str, price: Decimal, listed: type[Resource] | None) -> tuple[Record, datetime]:
        """Ask once; a refused token is renewed and the question repeated, one time."""
        token = self._authorisation.bearer()
        answer = self._send(address, price, token)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._authorisation.renew(token):
            answer = self._send(address, price, self._authorisation.bearer())
        date = self._date(answer)
        what = f"GET {urlsplit(address).path}"
        body = self._judge(answer, what)
        if listed is not None and not _is_list(body, listed):
            raise errors.OutageError(f"{what}: the answer is no list.", status=answer.status_code)
        return body, date

    def _send(self, address: str, price: Decimal, token: str) -> requests.Response:
        self.pacer.acquire(price)
        limits: Limits | None = None
        try:
            answer = self._session.get(
                self._located(address),
                headers={"Authorization": f"Bearer {token}"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
            limits = Limits.of(answer.headers)
        finally:
            self.requests += 1
            self.pacer.release(price, limits)
        return answer

    def _located(self, address: str) -> str:
        """The whole address of a path of the API; a gateway's links may name its own paths already."""
        is_own = address.startswith(f"{self.version.root}/") and not address.startswith(f"{self._api_path}/")
        return self._api_url + (self._api_path + address.removeprefix(self.version.root) if is_own else address)

    def _judge(self, answer: requests.Response, what: str) -> Record:
        """The body of an accepted answer, or the error that an unaccepted one stands for."""
        body = decoded(answer.content)
        status = answer.status_code
        if status == HTTPStatus.OK and isinstance(body, dict):
            return body
        if status == HTTPStatus.OK:
            raise errors.OutageError(f"{what}: the answer is broken or no JSON.", status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._rate_limited(answer, what)
        if status == HTTPStatus.UNAUTHORIZED:
            message, _ = errors.reason(body)
            raise errors.CredentialsError(f"{what}: Lightspeed refused the access token ({message}): connect again.")
        if answer.is_redirect:
            raise errors.UnreachableError(f"{what}: the host redirects elsewhere; check api_url.")
        raise errors.of_status(status, body, what)

    def _rate_limited(self, answer: requests.Response, what: str) -> errors.RateLimitedError:
        """Keep to `Retry-After`, for all threads, and for a second at the least: so long is a burst window."""
        try:
            seconds = float(answer.headers["Retry-After"])
        except (KeyError, ValueError):
            seconds = 1.0
        self.pacer.back_off(max(seconds, 1.0))
        return errors.RateLimitedError(f"{what}: refused for the rate limit.", status=answer.status_code)

    def _date(self, answer: requests.Response) -> datetime:
        """The server's clock; the first answer's is the run's, and tells whether the local one is off."""
        try:
            date = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError, TypeError):
            date = datetime.now(UTC)
        with self._lock:
            if self._first_date is None:
                self._first_date = date
                skew = (date - datetime.now(UTC)).total_seconds()
                if abs(skew) > _TOLERATED_SKEW:
                    _log.warning("The clocks differ: the server's is %+.0f seconds off the local one.", skew)
        return date

    def _retrying(self, first_wait: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Reads may be repeated: after 429, 5xx, time-outs, broken connections and broken bodies."""

        def waits() -> Generator[float, None, None]:
            yield 0.0
            wait = first_wait
            while True:
                yield wait
                wait = min(wait * 2, _LONGEST_WAIT)

        repeatable = (errors.RetriableError, requests.ConnectionError, requests.Timeout)
        broken = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(heavy_tries: int, *arguments: Any) -> Any:
                retrying = backoff.on_exception(
                    waits,
                    (*repeatable, *broken),
                    max_tries=lambda: _MAX_TRIES if self._first_date else _FIRST_TRIES,
                    giveup=_after_heavy(heavy_tries),
                    jitter=backoff.full_jitter,
                    on_backoff=self._log_retry,
                    logger=None,
                )(function)
                try:
                    return retrying(*arguments)
                except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                    raise self._unreachable(error) from None

            return call

        return decorate

    def _log_retry(self, details: Any) -> None:
        """A host that has never answered is left to the error that ends the tries."""
        error = details["exception"]
        cause = str(error) if isinstance(error, errors.LightspeedError) else type(error).__name__
        level = logging.WARNING if self._first_date else logging.INFO
        _log.log(level, "Try %s failed (%s); the next follows in %.1f s.", details["tries"], cause, details["wait"])

    def _unreachable(self, error: Exception) -> errors.UnreachableError:
        what = type(error).__name__
        return errors.UnreachableError(f"Cannot reach {self._api_url} ({what}): check api_url and the network.")


def _after_heavy(tries: int) -> Callable[[Exception], bool]:
    """Gives up after so many answers that say that the question was too much."""
    left = itertools.count(tries - 1, -1)

    def gives_up(error: Exception) -> bool:
        return isinstance(error, errors.OutageError) and error.status in _TOO_MUCH and next(left) <= 0

    return gives_up


def has_number(resource: type[Resource]) -> bool:
    """Whether rows are told apart by one whole number, so that a list can be walked by it."""
    return not resource.api.dimensions and resource.field(resource.api.key).type is FieldType.INTEGER


def _rows(answer: Record, query: Query) -> list[Record]:
    key = query.resource.api.key
    found = rows(answer, query.resource.envelope(), key)
    if has_number(query.resource):
        for row in found:
            if not str(row.get(key, "")).isdecimal():
                message = f"{query.resource.__name__}: a row has no number in {key}, so it cannot be told apart."
                raise errors.RequestRefusedError(message, status=HTTPStatus.OK)
    return found


def _is_list(body: Record, resource: type[Resource]) -> bool:
    return resource.envelope() in body or "@attributes" in body or not resource.api.attributes


def _more(answer: Record, found: int, passed: int) -> bool:
    """Whether V2 has more rows than those passed so far: it counts them on every page, or else the page is full."""
    attributes = answer.get("@attributes")
    if not found or not isinstance(attributes, dict):
        return False
    count = str(attributes.get("count"))
    return int(count) > passed if count.isdecimal() else found >= int(attributes.get("limit") or PAGE_SIZE)


def _with_limit(address: str, limit: int) -> str:
    path, _, query = address.partition("?")
    params = [(key, str(limit) if key == "limit" else value) for key, value in parse_qsl(query, keep_blank_values=True)]
    return f"{path}?{urlencode(params, quote_via=quote, safe='')}"
