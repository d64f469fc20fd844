"""Pages before they are asked for: while one is converted the next is on its way, and those of other lists too.

Each walk that is read ahead has a thread of its own. How many requests are on their way at a time is the transport's
business, when they go the pacer's; here it is only how many pages may wait to be read.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Protocol, Self

from lightspeed_retail.sheets import Page

ROOM = 16 * 1024 * 1024
"""Bytes of answers that may wait to be read, over all walks of a run."""

MOST_PAGES = 64
"""Pages that may wait, however small they are: a run that is killed has asked for them in vain."""

_FEW = 2


class Pages(Protocol):
    """A walk through a list, page by page."""

    def __iter__(self) -> Iterator[Page]:
        """Itself."""

    def __next__(self) -> Page:
        """The next page."""

    def close(self) -> None:
        """Ask for no more."""


class Room:
    """Where pages wait to be read; shared by the walks of a run, so that they fill a fixed number of bytes.

    Args:
        size: How many bytes.
    """

    def __init__(self, size: int = ROOM) -> None:
        """Begin with an empty one."""
        self.changed = threading.Condition()
        self._size = size
        self._taken = 0

    @property
    def is_full(self) -> bool:
        """Whether hardly another page fits in."""
        return not self.fits(self._size // MOST_PAGES)

    def weigh(self, page: Page) -> int:
        """The bytes that a page counts for."""
        return max(page.size, self._size // MOST_PAGES)

    def fits(self, size: int) -> bool:
        """Whether so much may come in."""
        return self._taken + size <= self._size

    def take(self, size: int) -> None:
        """A page comes in, or leaves where the size is negative; to be called with `changed` held."""
        self._taken += size
        self.changed.notify_all()


class Ahead:
    """A walk whose pages are fetched before they are asked for, and handed out in their order.

    Args:
        pages: The walk.
        room: Where pages wait.
    """

    def __init__(self, pages: Pages, room: Room) -> None:
        """Begin to fetch."""
        self._pages = pages
        self._room = room
        self._waiting: deque[Page] = deque()
        self._error: BaseException | None = None
        self._is_begun = False
        self._is_wanted = False
        self._is_over = False
        self._is_closed = False
        threading.Thread(target=self._fetch, name="lightspeed-pages", daemon=True).start()

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> Page:
        """The next page, waited for.

        Raises:
            LightspeedError: The walk failed at this place.
        """
        with self._room.changed:
            self._wait()
            if self._waiting:
                page = self._waiting.popleft()
                self._room.take(-self._room.weigh(page))
                return page
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        raise StopIteration

    def close(self) -> None:
        """Ask for no more, and forget what waits."""
        with self._room.changed:
            self._is_closed = True
            while self._waiting:
                self._room.take(-self._room.weigh(self._waiting.popleft()))
            self._room.changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether no more pages are asked for."""
        return self._is_over

    def _wait(self) -> None:
        """A page that is waited for comes in even where there is no room, so that no walk can block another."""
        self._is_begun = self._is_wanted = True
        self._room.changed.notify_all()
        self._room.changed.wait_for(lambda: self._waiting or self._is_over)
        self._is_wanted = False

    def _fetch(self) -> None:
        try:
            for page in self._pages:
                if not self._comes_in(page):
                    return
        except BaseException as error:  # noqa: BLE001  whatever it is, it is raised where the page is asked for
            self._error = error
        finally:
            self._pages.close()
            with self._room.changed:
                self._is_over = True
                self._room.changed.notify_all()

    def _comes_in(self, page: Page) -> bool:
        with self._room.changed:
            self._room.changed.wait_for(lambda: self._is_closed or self._is_let_in(page))
            if self._is_closed:
                return False
            self._waiting.append(page)
            self._room.take(self._room.weigh(page))
            return True

    def _is_let_in(self, page: Page) -> bool:
        """Few pages are ahead of a reader who is slower than the API: more would only cool down the caches."""
        if self._is_wanted and not self._waiting:
            return True
        return self._room.fits(self._room.weigh(page)) and (not self._is_begun or len(self._waiting) < _FEW)
