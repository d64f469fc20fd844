"""Pages before they are asked for: their order, their number, their errors, and how many may wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime

import msgspec
import pytest

from lightspeed_retail.ahead import Ahead, Room
from lightspeed_retail.errors import OutageError
from lightspeed_retail.query import Query
from lightspeed_retail.resources import Resource
from lightspeed_retail.sheets import Page, Sheet

QUERY = Query(Resource.named("Sale"), sort="saleID")
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def page(number: int, size: int = 100) -> Page:
    """A page of one sale, of so many bytes."""
    content = msgspec.json.encode({"@attributes": {"next": ""}, "Sale": {"saleID": str(number), "note": ""}})
    sheet = Sheet.of(QUERY.resource, content + b" " * (size - len(content)))
    assert sheet is not None
    return Page(sheet, QUERY, None, NOON)


class Walk:
    """A walk that counts the pages that were fetched."""

    def __init__(self, pages: int, size: int = 100, error: Exception | None = None) -> None:
        """Prepare so many pages, and an error after them."""
        self.fetched = 0
        self._pages, self._size, self._error = pages, size, error
        self.is_closed = threading.Event()

    def pages(self) -> Generator[Page, None, None]:
        """Fetch them."""
        try:
            for number in range(1, self._pages + 1):
                self.fetched = number
                yield page(number, self._size)
            if self._error is not None:
                raise self._error
        finally:
            self.is_closed.set()


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether something becomes true within some seconds."""
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.005)
    return is_so()


def numbers(pages: Ahead) -> list[str]:
    """The keys of all that comes."""
    return [row["saleID"] for each in pages for row in each.rows]


def test_all_pages_come_in_their_order() -> None:
    assert numbers(Ahead(Walk(50).pages(), Room())) == [str(number) for number in range(1, 51)]


def test_pages_come_before_they_are_asked_for_as_far_as_there_is_room() -> None:
    walk = Walk(50)
    ahead = Ahead(walk.pages(), Room(1000))
    assert soon(lambda: walk.fetched == 11)
    time.sleep(0.05)
    assert walk.fetched == 11, "ten wait, and one is at the door"
    assert len(numbers(ahead)) == 50


def test_a_page_larger_than_the_room_comes_when_it_is_asked_for() -> None:
    assert len(numbers(Ahead(Walk(5, size=5000).pages(), Room(1000)))) == 5


def test_a_walk_that_fills_the_room_does_not_block_another() -> None:
    room = Room(1000)
    greedy = Ahead(Walk(50).pages(), room)
    assert soon(lambda: not room.fits(100))
    assert len(numbers(Ahead(Walk(30).pages(), room))) == 30
    assert len(numbers(greedy)) == 50
    assert room.fits(1000)


def test_an_error_comes_at_its_place() -> None:
    ahead = Ahead(Walk(3, error=OutageError("broken", status=500)).pages(), Room())
    found = [next(ahead).rows[0]["saleID"] for _ in range(3)]
    assert found == ["1", "2", "3"]
    with pytest.raises(OutageError, match="broken"):
        next(ahead)
    with pytest.raises(StopIteration):
        next(ahead)


def test_a_walk_that_is_left_fetches_no_more_and_gives_its_room_back() -> None:
    room, walk = Room(1000), Walk(50)
    ahead = Ahead(walk.pages(), room)
    assert soon(lambda: not room.fits(100))
    ahead.close()
    assert walk.is_closed.wait(10)
    assert room.fits(1000)
    assert walk.fetched < 50
