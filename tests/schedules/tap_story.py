"""What a whole number means to the tap: what is selected, the settings, a story of runs, faults, kills and trade."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from lightspeed_retail.resources import Days, Resource, Stamp
from lightspeed_retail.resources.customers import Customer
from lightspeed_retail.resources.items import Item, ItemShop
from lightspeed_retail.resources.sales import Sale, SaleLine, SalePayment
from tests.declared import RESOURCES

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
"""How processes are stopped: most are killed."""

_SALES: tuple[type[Resource], ...] = (Sale, SaleLine, SalePayment)
_FURTHER: tuple[type[Resource], ...] = (Item, ItemShop, Customer)
_ANY = 5
"""So many further streams are selected at the most, whichever they are."""

_STATUSES = (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)
_SPOILT = ("truncate", "invalid", "garbage", "empty", "drop-before", "drop-midway", "drop-after", "expire")
_WAITS = ("drip-0.1", "silence-0.1", "slow-0.1", "late-0.1")
_OF_TOKENS = (
    *("500", "503-json", "502-empty", "429", "429-bare", "drop-before", "drop-midway", "drop-after", "truncate"),
    *("invalid", "garbage", "empty", "slow-0.1", "drip-0.1", "silence-0.1"),
)


@dataclass(frozen=True)
class Deed:
    """Something that happens in the account.

    Args:
        name: What.
        number: Seed of the chance that decides about the rest.
        after: After how many requests of a run; None before the run.
    """

    name: str
    number: int
    after: int | None = None


@dataclass(frozen=True)
class Stop:
    """How a process ends before its time.

    Args:
        by: The signal.
        after: After how many requests of the tap, or how many states of the target.
        late: How many seconds after that.
    """

    by: signal.Signals
    after: int
    late: float


@dataclass(frozen=True)
class Act:
    """A run of the tap and of the target.

    Args:
        streams: What is selected.
        everything: Whether all properties of these streams are selected.
        settings: What of the tap is set beside its connection.
        faults: What goes wrong.
        deeds: What happens before it and meanwhile.
        tap: How the tap is stopped; None: it is not.
        target: How the target is stopped.
        batch: How many rows the target writes at a time.
        piped: Whether the target reads while the tap writes; otherwise it gets what the tap has written.
    """

    streams: tuple[type[Resource], ...]
    everything: bool
    settings: dict[str, Any]
    faults: tuple[str, ...]
    deeds: tuple[Deed, ...]
    tap: Stop | None
    target: Stop | None
    batch: int
    piped: bool

    def __str__(self) -> str:
        """The act in a line."""
        how = "piped" if self.piped else "one after the other"
        parts = [f"{len(self.streams)} streams, {'all' if self.everything else 'usual'} properties"]
        parts += [f"{how}, {self.batch} rows at a time"]
        parts += [f"{name}={value}" for name, value in self.settings.items()]
        parts += [f"faults {' '.join(self.faults)}"] if self.faults else []
        parts += [f"{deed.name}{'' if deed.after is None else f'@{deed.after}'}" for deed in self.deeds]
        for who, stop in (("tap", self.tap), ("target", self.target)):
            parts += [f"{who} {stop.by.name}@{stop.after}+{stop.late:.2f}s"] if stop else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Story:
    """A schedule of the tap.

    Args:
        seed: The number that it is made from.
        streams: What is selected in the end.
        everything: Whether all properties of these streams are selected in the end.
        settings: What is set in all runs.
        latency: Seconds that every answer takes longer.
        clock_off: Seconds that the server's clock is ahead.
        acts: The runs before the last.
    """

    seed: int
    streams: tuple[type[Resource], ...]
    everything: bool
    settings: dict[str, Any]
    latency: float
    clock_off: float
    acts: tuple[Act, ...]

    @classmethod
    def of(cls, seed: int) -> Story:
        """The schedule that a number means."""
        chance = Random(f"tap {seed}")
        streams, settings = _streams(chance), _settings(chance)
        everything = chance.random() < 0.5
        # What is selected later is read once more for the rows that have come before.
        fewer = chance.randint(1, 3) if everything and settings.get("backfill_new_selections") else 0
        number, deeds = chance.randint(2, 5), _deeds_for(streams)
        acts = tuple(_act(chance, streams, deeds, everything=everything and each >= fewer) for each in range(number))
        latency, clock_off = chance.choice((0.0, 0.0, 0.005, 0.02)), chance.choice((0.0, 0.0, 0.0, -3700.0, 86_500.0))
        return cls(seed, streams, everything, settings, latency, clock_off, acts)

    def last(self) -> Act:
        """The run with which all must be well: nothing goes wrong any more, and nothing is left out."""
        return Act(self.streams, self.everything, {}, (), (), None, None, 1000, piped=False)


def has_list(resource: type[Resource]) -> bool:
    """Whether rows with a stamp can be had from a list of their own."""
    return isinstance(resource.api.bookmark, Stamp) and resource.api.parent is None


def _streams(chance: Random) -> tuple[type[Resource], ...]:
    found = {each for each in _SALES if chance.random() < 0.8} | {each for each in _FURTHER if chance.random() < 0.4}
    found |= set(chance.sample(RESOURCES, chance.randint(1, _ANY)))
    return tuple(each for each in RESOURCES if each in found)


def _settings(chance: Random) -> dict[str, Any]:
    """Settings that stay the same from run to run, as a user's do."""
    given: dict[str, Any] = {"lookback_seconds": chance.choice((0, 0, 0, 1, 300))}
    if chance.random() < 0.6:
        given["max_connections"] = chance.choice((1, 1, 2, 4, 8))
    if chance.random() < 0.3:
        given["newest_first"] = True
    if chance.random() < 0.3:
        given["snapshot_days"] = chance.choice((0, 1, 3))
    if chance.random() < 0.15:
        given["api_version"] = "V2"
    if chance.random() < 0.3:
        given["backfill_new_selections"] = True
    if chance.random() < 0.2:
        given["vanished_check_days"] = chance.choice((1, 7))
    return given


def _act(chance: Random, streams: tuple[type[Resource], ...], deeds: tuple[str, ...], *, everything: bool) -> Act:
    limits: dict[str, Any] = {"max_drips": chance.randint(3, 60)} if chance.random() < 0.15 else {}
    # What is selected later has to be loaded then, and what is left out for a while to go on where it stood.
    chosen = tuple(each for each in streams if chance.random() < 0.9) or streams
    return Act(
        streams=chosen,
        everything=everything,
        settings=limits,
        faults=tuple(_faults(chance, chosen)),
        deeds=tuple(_deeds(chance, deeds)),
        tap=_stop(chance, 0.5, 40),
        target=_stop(chance, 0.25, 8),
        batch=chance.choice((50, 200, 1000, 5000)),
        piped=chance.random() < 0.4,
    )


def _stop(chance: Random, share: float, most: int) -> Stop | None:
    if chance.random() >= share:
        return None
    return Stop(chance.choice(SIGNALS), chance.randint(1, most), chance.choice((0.0, chance.random() * 0.1)))


def _faults(chance: Random, streams: tuple[type[Resource], ...]) -> Iterable[str]:
    """None, few or many: at random, or at certain requests; of all requests, or of those to a list."""
    for _ in range(chance.choice((0, 1, 2, 4, 6))):
        if chance.random() < 0.6:
            yield f"{_kind(chance)}:{_when(chance, 40)}"
        else:
            yield f"{_kind(chance)}:{_when(chance, 4)}:{_path(chance.choice(streams))}"
    if chance.random() < 0.3:
        yield f"{chance.choice(_OF_TOKENS)}:{chance.choice(('#1', '#1-2', '#2', '0.3'))}:/oauth/*"
    if chance.random() < 0.05:
        yield f"revoke:#{chance.randint(1, 30)}"
    listed = [each for each in streams if has_list(each)]
    if listed and chance.random() < 0.4:
        yield f"edit:{chance.choice(('0.1', '0.5', '#2-4'))}:{_path(chance.choice(listed))}"


def _path(resource: type[Resource]) -> str:
    """The path of a list, as rules name it; of one below a row, whatever the row is."""
    return re.sub(r"\{\w+\}", "*", resource.api.path.removeprefix("/API/V3").removesuffix(".json"))


def _kind(chance: Random) -> str:
    make: Callable[[], str] = chance.choice(
        (
            lambda: f"{chance.choice(_STATUSES)}{chance.choice(('', '-json', '-empty'))}",
            lambda: chance.choice(("429", "429-bare", "503", "500-json")),
            lambda: chance.choice(_SPOILT),
            lambda: chance.choice(_WAITS),
        )
    )
    return make()


def _when(chance: Random, latest: int) -> str:
    first = chance.randint(1, latest)
    rate = chance.choice((0.02, 0.05, 0.1, 0.2, 0.35))
    return chance.choice((f"{rate}", f"{rate}", f"#{first}", f"#{first}-{first + chance.randint(1, 9)}", "7"))


def _deeds(chance: Random, names: tuple[str, ...]) -> Iterable[Deed]:
    for _ in range(chance.choice((0, 2, 4, 8))):
        yield Deed(chance.choice(names), chance.getrandbits(32), chance.choice((None, chance.randint(1, 30))))
    if chance.random() < 0.25:
        yield Deed("days", chance.getrandbits(32))


def _deeds_for(streams: tuple[type[Resource], ...]) -> tuple[str, ...]:
    """What may happen; a report of long ago is not read again, so with reports nothing changes what they count."""
    if any(isinstance(each.api.bookmark, Days) for each in streams):
        return ("touch", "tie")
    return ("edit", "edit", "edit", "touch", "copy", "copy", "archive", "complete", "tie", "remove")
