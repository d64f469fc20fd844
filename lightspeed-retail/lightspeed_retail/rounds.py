"""Notices a walk that never comes to its end: pages that come again and again, or empty ones without end."""

from __future__ import annotations

from lightspeed_retail.sheets import Sheet

MOST_EMPTY = 100
"""Empty pages that may follow each other where there is said to be more."""

_NOTHING = len(b"null")


class Rounds:
    """Looks at the pages of a walk, in constant memory, however long it is.

    By Brent's way of finding cycles: one page is kept and compared with those that follow, and another one is kept
    each time that twice as many have passed. No honest walk brings the same rows twice, or has the same address twice.
    """

    def __init__(self) -> None:
        """Begin where no page has come."""
        self._address = ""
        self._rows = b""
        self._stride = 1
        self._passed = 0
        self._empty = 0

    def fault(self, address: str, sheet: Sheet) -> str | None:
        """What is wrong with a walk that has come to a page; None where nothing is.

        Args:
            address: Where the page was.
            sheet: The page.
        """
        envelope = memoryview(sheet.envelope)
        is_empty = envelope.nbytes <= _NOTHING
        self._empty = self._empty + 1 if is_empty else 0
        if self._empty > MOST_EMPTY:
            return f"more than {MOST_EMPTY} empty pages follow each other"
        if address == self._address:
            return "the API links a page to itself, or back to an earlier one"
        if not is_empty and envelope.nbytes == len(self._rows) and envelope.tobytes() == self._rows:
            return "the same page comes again"
        self._passed += 1
        if self._passed == self._stride:
            self._address, self._rows = address, envelope.tobytes()
            self._stride, self._passed = self._stride * 2, 0
        return None
