"""What a comparison costs and has found, in lines for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from lightspeed_retail.client import Client
from lightspeed_retail.verify.comparison import Comparison, Keys, Kind
from lightspeed_retail.verify.days import DayDifference, Days, Totals
from lightspeed_retail.verify.entries import Entry
from lightspeed_retail.verify.price import Price

_MOST_DAYS, _MOST_STREAMS = 31, 12
_SILENCE = 15.0
"""Seconds between two lines that say how far it is."""

_MINUTE, _HOUR = 120, 120 * 60
_MEANINGS = {
    Kind.MISSING: "missing in the warehouse",
    Kind.SURPLUS: "surplus in the warehouse, deleted or merged in Lightspeed",
    Kind.CHANGED: "with another change stamp",
    Kind.DOUBLED: "more than once in the warehouse",
}


class Progress:
    """Says every now and then how far a comparison is.

    Args:
        client: Knows what was spent.
        agreed: What it will cost.
        tell: Takes lines for people.
    """

    def __init__(self, client: Client, agreed: Price, tell: Callable[[Iterable[str]], None]) -> None:
        """Look at the clock."""
        self._client = client
        self._agreed = agreed
        self._tell = tell
        self._told_at = time.monotonic()

    def watched(self, stream: str, rows: Iterator[Entry]) -> Iterator[Entry]:
        """Hand on the rows of a stream, and say how many they are so far."""
        for count, row in enumerate(rows, start=1):
            if time.monotonic() - self._told_at > _SILENCE:
                self._told_at = time.monotonic()
                spent = f"{float(self._client.spent):g} of {self._agreed.drips:,} drips"
                self._tell([f"{stream}: {count:,} rows, {spent}"])
            yield row


def price(found: Price, client: Client) -> Iterator[str]:
    """What it costs, stream by stream, and what is left out for its price."""
    yield f"Account {client.account_id}, drips by stream: {_walks(found)}; {found.questions} besides."
    if found.left_out:
        dear = ", ".join(f"{walk.stream} ({walk.pages:,} drips)" for walk in found.left_out)
        yield f"Not compared unless named by --stream: {dear}."
    spent, duration = float(client.spent), _time(found.seconds(client))
    yield f"In all {found.drips:,} drips, {spent:g} of them spent already, and {duration}."


def comparison(found: Comparison) -> Iterator[str]:
    """What a stream's comparison has found."""
    state = "equal" if found.is_equal else "different"
    ended = state if found.is_complete else f"{state} as far as it was read"
    yield (
        f"{found.stream}: {ended}; {found.account_rows:,} rows in the account, "
        f"{found.warehouse_rows:,} in the warehouse."
    )
    if not found.is_complete:
        yield f"  Not compared to its end: {found.stopped}"
    for kind, keys in found.found.items():
        if keys.count:
            yield f"  {keys.count:,} {_MEANINGS[kind]}: {_listed(keys)}"
    if found.extent.last is None and found.found[Kind.MISSING].count:
        yield "  The table is empty: if they came after its last load, load, and verify again."
    if found.later:
        since = f"changed after {found.loaded}" if found.loaded else "added after the last one in the warehouse"
        yield f"  {found.later:,} left out, {since}: load, and verify again."
    if found.days is not None:
        yield from _days(found.days)


def unfinished(agreed: Price, taken: Sequence[Comparison]) -> list[str]:
    """The streams that were not compared to their end."""
    complete = {each.stream for each in taken if each.is_complete}
    return [walk.stream for walk in agreed.walks if walk.stream not in complete]


def end(client: Client, agreed: Price, left: list[str], *, differ: bool) -> Iterator[str]:
    """The result, and what it has cost."""
    if left:
        yield f"Not compared to their end: {', '.join(left)}."
    spent = f"{float(client.spent):g} drips were spent, {agreed.drips:,} were announced."
    if differ:
        yield f"Account and warehouse differ. {spent}"
    else:
        yield f"{'No difference so far' if left else 'Account and warehouse agree'}. {spent}"


def summary(client: Client, agreed: Price, taken: Sequence[Comparison]) -> dict[str, Any]:
    """What was announced, spent and found, for programs."""
    left = unfinished(agreed, taken)
    return {
        "account_id": client.account_id,
        "equal": not left and all(each.is_equal for each in taken),
        "announced": agreed.summary(),
        "spent": float(client.spent),
        "unfinished": left,
        "streams": {each.stream: each.summary() for each in taken},
    }


def _walks(found: Price) -> str:
    """The streams with what they cost; of many the dearest."""
    dear = sorted(found.walks, key=lambda walk: -walk.pages)[:_MOST_STREAMS]
    rest = len(found.walks) - len(dear)
    more = f" and {sum(walk.pages for walk in found.walks) - sum(walk.pages for walk in dear):,} for {rest} more"
    return ", ".join(f"{walk.stream} {walk.pages:,}" for walk in dear) + (more if rest else "")


def _days(found: Days) -> Iterator[str]:
    differences = found.differences
    if not differences:
        yield f"  Totals of {found.count:,} days: equal."
        return
    yield f"  Totals of {found.count:,} days: {len(differences):,} of a shop's differ."
    yield from (f"    {_day(each)}" for each in differences[:_MOST_DAYS])
    if len(differences) > _MOST_DAYS:
        yield f"    and {len(differences) - _MOST_DAYS:,} more"


def _day(each: DayDifference) -> str:
    return f"{each.day} {each.shop_name}: account {_totals(each.account)}; warehouse {_totals(each.warehouse)}"


def _totals(totals: Totals) -> str:
    return f"{totals.sales:,} sales, {totals.total:,.2f} with {totals.tax:,.2f} tax"


def _listed(keys: Keys) -> str:
    more = f" and {keys.count - len(keys.first):,} more" if keys.count > len(keys.first) else ""
    return ", ".join(map(str, keys.first)) + more


def _time(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < _HOUR else f"about {seconds / 3600:.1f} h"
