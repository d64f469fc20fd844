"""The pages of an account's lists, read ahead, and those of long lists in ranges side by side."""

from __future__ import annotations

import itertools
import logging
import math
from collections import deque
from collections.abc import Generator, Iterable, Iterator

from lightspeed_retail.ahead import ROOM, Ahead, Pages, Room
from lightspeed_retail.client import Client
from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import Query
from lightspeed_retail.ranges import Range, Ranges, can_be_cut, extent_of
from lightspeed_retail.sheets import Page

_PAGES_FIRST = 4
# A list is cut if so many pages a range are left.
_LEAST_LEFT = 3
# Seconds; where answers come faster, one after the other is fast enough for any account's drips.
_SLOW = 0.05
# Answers vary in the time that they take.
_MORE = 1.2

_log = logging.getLogger(__name__)


class Source:
    """Pages of an account's lists.

    Args:
        client: Connected to the account; with one connection everything is read one after the other.
    """

    def __init__(self, client: Client) -> None:
        """Prepare; nothing is asked yet."""
        self._client = client
        self._room = Room()
        self._started: dict[Query, Ahead] = {}

    @property
    def is_serial(self) -> bool:
        """Whether one request follows the other."""
        return self._client.connections == 1

    @property
    def may_start(self) -> bool:
        """Whether there are connections and room for a walk whose turn comes later."""
        under_way = sum(not walk.is_over for walk in self._started.values())
        return under_way < self._client.connections and not self._room.is_full

    def start(self, query: Query) -> None:
        """Begin a walk that will be asked for later."""
        if not self.is_serial and query not in self._started:
            self._started[query] = self._ahead(query)

    def pages(self, query: Query) -> Pages:
        """A walk through a list: see `Client.pages`; one that was started goes on."""
        if self.is_serial:
            return self._client.pages(query)
        return self._started.pop(query, None) or self._ahead(query)

    def each(self, queries: Iterable[Query]) -> Iterator[Pages]:
        """Several walks, one after the other, of which the next ones are under way already."""
        coming: deque[Query] = deque()
        left = iter(queries)
        while True:
            for query in itertools.islice(left, max(0, self._client.connections - len(coming))):
                self.start(query)
                coming.append(query)
            if not coming:
                return
            yield self.pages(coming.popleft())

    def _ahead(self, query: Query) -> Ahead:
        return Ahead(self._walk(query), self._room)

    def _walk(self, query: Query) -> Generator[Page, None, None]:
        """A walk that goes on in ranges where it turns out to be long, and one request at a time to be too slow."""
        walk = self._client.pages(query)
        ranges: Ranges | None = None
        may_be_cut, first, reached = can_be_cut(query, self._client.version), 0, 0
        for number, page in enumerate(walk, start=1):
            yield page
            if may_be_cut and number == 1:
                first = extent_of(page).first
            if may_be_cut and page.next and number >= _PAGES_FIRST and self._window(query) > 1:
                reached = extent_of(page).last
                ranges = self._ranges(query, reached, page.size)
                may_be_cut = False
            if ranges is not None:
                ranges.learn(number * query.limit, abs(reached - first) + 1)
                yield from self._side_by_side(query, ranges, walk)
                return

    def _ranges(self, query: Query, reached: int, page_size: int) -> Ranges | None:
        """The ranges of what is left; None where that is too little. Costs a drip."""
        end = self._client.last_key(query)
        window = self._window(query)
        if end is None or abs(end - reached) < _LEAST_LEFT * window * query.limit:
            return None
        return Ranges(query, reached, end, ROOM // (2 * window * max(1, page_size)))

    def _window(self, query: Query) -> int:
        """How many pages of a list have to be on their way to use up the drips."""
        pacer = self._client.pacer
        latency = pacer.latency or 0.0
        if latency < _SLOW:
            return 1
        needed = math.ceil(pacer.drip_rate / float(query.price) * latency * _MORE)
        return min(needed, self._client.connections)

    def _side_by_side(self, query: Query, ranges: Ranges, walk: Iterator[Page]) -> Iterator[Page]:
        """The ranges of a list in order; the walk goes on where the API does not know conditions on the key."""
        under_way = self._under_way(query, ranges)
        handed_out = 0
        try:
            for part, pages in under_way:
                rows = 0
                for page in pages:
                    extent = extent_of(page)
                    part.check(extent)
                    yield page
                    rows, handed_out = rows + extent.rows, handed_out + 1
                ranges.learn(rows, part.keys)
        except RequestRefusedError as error:
            if handed_out:
                raise
            _log.warning("%s is read one page after the other: %s", query.resource.api.stream, error)
            yield from walk
        finally:
            under_way.close()

    def _under_way(self, query: Query, ranges: Ranges) -> Generator[tuple[Range, Pages], None, None]:
        """Each range when its turn comes, with those after it under way."""
        coming: deque[tuple[Range, Pages]] = deque()
        left = iter(ranges)
        try:
            while True:
                for part in itertools.islice(left, max(0, self._window(query) + 1 - len(coming))):
                    coming.append((part, Ahead(self._client.pages(part.query), self._room)))
                if not coming:
                    return
                yield coming.popleft()
        finally:
            for _, pages in coming:
                pages.close()
