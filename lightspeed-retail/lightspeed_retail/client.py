"""A client that reads from the API: pages and single records, all within the limits.

Source: pages "Introduction", "Pagination", "Rate limits" and "Errors" (sections 2 to 4 of the API reference).
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests

from lightspeed_retail import errors
from lightspeed_retail.errors import is_key
from lightspeed_retail.oauth import Authorisation
from lightspeed_retail.pacing import Pacer
from lightspeed_retail.query import BASE_PRICE, PAGE_SIZE, Query, Version, encoded
from lightspeed_retail.resources import Resource
from lightspeed_retail.rounds import Rounds
from lightspeed_retail.sheets import Extent, Page, Sheet, has_number
from lightspeed_retail.transport import DEFAULT_API_URL, TOO_MUCH, Transport
from lightspeed_retail.wire import Record, rows

__all__ = ["DEFAULT_API_URL", "Client", "Page", "has_number"]

_SMALLEST_PAGE = 10
# How often an answer is asked for that may be too much for the API, before it is asked for less.
_HEAVY_TRIES = 3

_log = logging.getLogger(__name__)


class Client:
    """Reads from one Lightspeed account host, never faster than it allows; `lightspeed_retail.writes` writes.

    Args:
        authorisation: Where the bearer for each request comes from.
        api_url: Scheme and host of the API.
        api_path: What stands in the place of `/API/V3` (or `/API`), where a gateway serves it elsewhere.
        user_agent: How the program names itself.
        session: Connection to use; certificate settings come with it.
        pacer: The model of the limits; shared where several clients work on one bucket.
        retry_wait: Seconds before the first repetition; each further one waits twice as long.
        version: Version of the API to ask.
        connections: How many requests may be on their way at a time; None for as many as the drips are worth.
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
        connections: int | None = None,
    ) -> None:
        """Prepare a client; nothing is asked yet."""
        self.transport = Transport(
            authorisation,
            api_url=api_url,
            api_path=api_path,
            user_agent=user_agent,
            session=session,
            pacer=pacer,
            retry_wait=retry_wait,
            version=version,
            connections=connections,
        )
        self.account_id: int | None = None
        self.known_accounts: list[Record] = []
        self._page_sizes: dict[type[Resource], int] = {}

    @property
    def version(self) -> Version:
        """Version of the API that is asked."""
        return self.transport.version

    @version.setter
    def version(self, version: Version) -> None:
        self.transport.version = version

    @property
    def requests(self) -> int:
        """Requests so far, those that write included."""
        return self.transport.requests

    @property
    def received(self) -> int:
        """Bytes of the answers so far."""
        return self.transport.received

    @property
    def connections(self) -> int:
        """How many requests may be on their way at a time."""
        return self.transport.connections

    @property
    def pacer(self) -> Pacer:
        """The model of the limits; another one can be put in its place."""
        return self.transport.pacer

    @pacer.setter
    def pacer(self, pacer: Pacer) -> None:
        self.transport.pacer = pacer

    @property
    def spent(self) -> Decimal:
        """Drips so far, those of writes included: by the API's word where it gave one, else by the price."""
        return self.pacer.spent

    @property
    def now(self) -> datetime:
        """When the run began: the `Date` of the first answer, or local time before there is one."""
        return self.transport.now

    @property
    def moment(self) -> datetime:
        """The server's clock at this moment, local time before the first answer."""
        return self.transport.moment

    def accounts(self) -> list[Record]:
        """The accounts that the token belongs to, as they stand on the wire; normally one."""
        answer, _ = self.transport.get(f"{self.version.root}/Account.json", BASE_PRICE)
        self.known_accounts = [row for row in rows(answer, "Account") if isinstance(row, dict)]
        return self.known_accounts

    def record(self, path: str) -> Record:
        """A single answer at a path below the version, for example `/Account/1.json`, as it stands on the wire."""
        answer, _ = self.transport.get(self.version.root + path, BASE_PRICE)
        return answer

    def single(self, resource: type[Resource]) -> Record:
        """The one record of a resource that has no list, such as the session, as it stands on the wire.

        Raises:
            RequestRefusedError: What the API answers is no record.
        """
        answer, _ = self.transport.get(self.version.path(resource, self.account_id), BASE_PRICE)
        found = answer.get(resource.envelope(), answer)
        if not isinstance(found, dict):
            message = f"{resource.__name__}: the answer is no record."
            raise errors.RequestRefusedError(message, status=HTTPStatus.OK)
        return found

    def last_key(self, query: Query) -> int | None:
        """The key at the far end of a list: the highest one, or the lowest of a walk that goes down; costs a drip.

        None where the list is empty, or the API does not sort it by its key.

        Args:
            query: The list: its filters count, its relations do not.
        """
        key = query.resource.api.key
        if self.version is not Version.V3 or not has_number(query.resource) or key not in query.resource.api.sortable:
            return None
        far = key if query.sort == f"-{key}" else f"-{key}"
        last = next(self.pages(replace(query, sort=far, relations=(), limit=1)))
        return int(last.rows[0][key]) if last.rows else None

    def pages(self, query: Query) -> Generator[Page, None, None]:
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
        rounds = Rounds()
        while address is not None:
            sheet, date = self._get_page(address, query)
            following = self._following(sheet, address)
            _check_way(rounds, address, sheet)
            page = Page(sheet, query, following, date)
            if sheet.attributes is None and len(page.rows) >= PAGE_SIZE:
                _log.warning("GET %s: %d rows and no link to more; there may be some.", path, len(page.rows))
            yield page
            address = following

    def _pages_by_key(self, path: str, query: Query) -> Iterator[Page]:
        key = query.resource.api.key
        # Without a word V2 sorts by the key as well, and a field that V3 does not sort by costs 4 drips.
        rest: Query | None = replace(query, sort=key if key in query.resource.api.sortable else None)
        last = -1
        while rest is not None:
            address = f"{path}?{rest.encoded(self.version)}"
            sheet, date = self._get_page(address, query)
            found, _, highest = sheet.extent(query.resource) or Extent(0, last, last)
            more = _more(sheet, found, found)
            if more and highest <= last:
                message = f"GET {path}: the API ignores the filter on {key}; the walk cannot go on."
                raise errors.OutageError(message, status=HTTPStatus.OK)
            rest, last = (rest.after(highest) if more else None), highest
            yield Page(sheet, query, address if rest else None, date)

    def _pages_by_offset(self, path: str, query: Query) -> Iterator[Page]:
        offset: int | None = 0
        rounds = Rounds()
        while offset is not None:
            params = [*query.params(self.version), *([("offset", str(offset))] if offset else [])]
            address = f"{path}?{encoded(params)}"
            sheet, date = self._get_page(address, query)
            _check_way(rounds, address, sheet)
            found = len(sheet.rows(query.resource))
            offset = offset + found if _more(sheet, found, offset + found) else None
            yield Page(sheet, query, address if offset else None, date)

    @staticmethod
    def _following(sheet: Sheet, address: str) -> str | None:
        """The next page of the same list on our own host: the token must not follow a link elsewhere."""
        attributes = sheet.attributes
        link = attributes.get("next") if isinstance(attributes, dict) else None
        if not link:
            return None
        path = urlsplit(address).path
        try:
            parts = urlsplit(link if isinstance(link, str) else "//[")
        except ValueError:
            raise _lost(path, "its link to more is no address") from None
        following = f"{parts.path or path}?{parts.query}"
        if following == address:
            raise _lost(path, "the API links a page to itself")
        if _list_in(parts.path or path) != _list_in(path):
            raise _lost(path, "the API links to another list")
        return following

    def _get_page(self, address: str, query: Query) -> tuple[Sheet, datetime]:
        """Get a page; smaller pages where the API runs out of memory or time (it answers 500 or 504 then)."""
        asked = dict(parse_qsl(urlsplit(address).query)).get("limit")
        limit = int(asked) if asked and is_key(asked) else 0
        read, accepts = functools.partial(Sheet.of, query.resource), functools.partial(_is_list, query.resource)
        while True:
            smaller = limit // 2
            can_shrink = smaller >= _SMALLEST_PAGE
            try:
                tries = _HEAVY_TRIES if can_shrink else None
                return self.transport.fetch(address, query.price, read, accepts, tries)
            except errors.OutageError as error:
                if not can_shrink or not _is_too_much(error):
                    raise
                _log.warning("Trying %s again with %s rows a page.", urlsplit(address).path, smaller)
                limit = self._page_sizes[query.resource] = smaller
                address = _with_limit(address, limit)


def _is_list(resource: type[Resource], sheet: Sheet) -> bool:
    return not sheet.says_nothing or not resource.api.attributes


def _more(sheet: Sheet, found: int, passed: int) -> bool:
    """Whether V2 has more rows than those passed so far: it counts them on every page, or else the page is full."""
    attributes = sheet.attributes
    if not found or not isinstance(attributes, dict):
        return False
    count, limit = attributes.get("count"), attributes.get("limit")
    if is_key(count):
        return int(str(count)) > passed
    return found >= (int(str(limit)) if limit and is_key(limit) else PAGE_SIZE)


def _is_too_much(error: errors.OutageError) -> bool:
    """Whether a smaller page may do better."""
    return isinstance(error, errors.TooLargeError) or error.status in TOO_MUCH


def _check_way(rounds: Rounds, address: str, sheet: Sheet) -> None:
    """See that a walk comes nearer to its end.

    Raises:
        OutageError: It does not.
    """
    fault = rounds.fault(address, sheet)
    if fault is not None:
        raise _lost(urlsplit(address).path, fault)


def _lost(path: str, fault: str) -> errors.OutageError:
    return errors.OutageError(f"GET {path}: {fault}; the walk cannot go on.", status=HTTPStatus.OK)


def _list_in(path: str) -> tuple[str, str]:
    """Which account's list a path leads to, whatever a gateway puts before it."""
    _, _, below = path.partition("/Account/")
    return below.partition("/")[0], path.rpartition("/")[2].removesuffix(".json").casefold()


def _with_limit(address: str, limit: int) -> str:
    path, _, query = address.partition("?")
    params = [(key, str(limit) if key == "limit" else value) for key, value in parse_qsl(query, keep_blank_values=True)]
    return f"{path}?{urlencode(params, quote_via=quote, safe='')}"
