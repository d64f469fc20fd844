"""Groups of accounts: small ones share a task, so that what a task costs by itself is paid once for many.

A group's accounts are read one after the other. Groups come largest first, which is the order in which they are
started: what is left at the end of the night is small, so the night is as short as its longest account allows.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from lightspeed_nightly.accounts import Account

GROUP_SECONDS = 60.0
"""How long a group should take: a killed task loses little, and an empty one's half second is a hundredth of it."""

MOST_GROUPS = 1000
"""How many groups there are at most. Airflow maps a task over 1,024 entries unless `core.max_map_length` says more."""

UNKNOWN_SECONDS = 60.0
"""What an account without a last run counts. Its first load is long, so it is among the first, by itself."""


def groups(accounts: Iterable[Account], seconds: float = GROUP_SECONDS, most: int = MOST_GROUPS) -> list[list[Account]]:
    """Every account in one group, the largest group first; the same for the same accounts in any order.

    Args:
        accounts: The accounts, with the seconds of their last run where these are known.
        seconds: How long a group of several takes at most, as far as `most` allows. Larger accounts are alone.
        most: How many groups there are at most.

    Raises:
        ValueError: There may be no group at all, or groups of no length.
    """
    if most < 1 or not seconds > 0:
        raise ValueError(f"There must be room for a group: at most {most} of {seconds} seconds.")
    ordered = sorted(accounts, key=lambda each: (-expected(each), each.account_id))
    packed = _packed(ordered, seconds)
    found = packed if len(packed) <= most else _spread(ordered, most)
    return sorted(found, key=lambda group: (-length(group), group[0].account_id))


def expected(account: Account) -> float:
    """How many seconds a run of an account will take, as far as one knows."""
    known = account.seconds
    return max(known, 0.0) if known is not None and math.isfinite(known) else UNKNOWN_SECONDS


def length(group: Sequence[Account]) -> float:
    """How many seconds a group will take."""
    return math.fsum(expected(each) for each in group)


def _packed(ordered: Sequence[Account], seconds: float) -> list[list[Account]]:
    """Each account where it fills a group best, a new group where it fits into none."""
    found: list[list[Account]] = []
    room: list[tuple[float, int]] = []
    for account in ordered:
        place = bisect_left(room, (expected(account), -1))
        left, number = room.pop(place) if place < len(room) else (seconds, len(found))
        if number == len(found):
            found.append([])
        found[number].append(account)
        if left > expected(account):
            insort(room, (left - expected(account), number))
    return found


def _spread(ordered: Sequence[Account], most: int) -> list[list[Account]]:
    """Each account in the group that is the shortest so far."""
    found: list[list[Account]] = [[] for _ in range(most)]
    shortest = [(0.0, 0, number) for number in range(most)]
    for account in ordered:
        taken, count, number = shortest[0]
        found[number].append(account)
        heapq.heapreplace(shortest, (taken + expected(account), count + 1, number))
    return found
