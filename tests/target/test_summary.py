"""What a run comes to, and the limits beyond which it stops."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from lightspeed_retail.errors import LightspeedError, SettingsError
from target_lightspeed_retail.outcome import Operation, Outcome
from target_lightspeed_retail.summary import (
    Guards,
    Limit,
    LimitError,
    Summary,
    TooManyChangesError,
    TooManyRejectsError,
)

AT = datetime(2024, 12, 6, tzinfo=UTC)


def summary(rejected: int = 0, other: int = 0, *, stream: str = "items", **more: Any) -> Summary:
    found = Summary("run", **more)
    for number in range(rejected + other):
        operation = Operation.REJECTED if number < rejected else Operation.CREATED
        found.count(Outcome(run_id="run", stream=stream, key=str(number), operation=operation, at=AT))
    return found


def test_records_are_counted_by_stream_and_operation() -> None:
    found = summary(2, 3)
    found.count(Outcome(run_id="run", stream="sales", key="a", operation=Operation.UNCHANGED, at=AT))
    told = found.as_dict(requests=7, drips=Decimal("12.50"))
    nothing = dict.fromkeys(map(str, Operation), 0)
    assert told["streams"] == {"items": nothing | {"created": 3, "rejected": 2}, "sales": nothing | {"unchanged": 1}}
    assert (told["run_id"], told["dry_run"], told["drips"], told["requests"]) == ("run", False, 12.5, 7)
    assert 0 <= told["seconds"] < 60
    assert (found.counted(), found.counted(Operation.REJECTED)) == (6, 2)
    assert (found.of("sales")[Operation.UNCHANGED], found.of("sales")[Operation.CREATED]) == (1, 0)
    assert not found.of("customers")


def test_a_run_closes_with_a_line_for_machines_and_a_table_for_people(caplog: pytest.LogCaptureFixture) -> None:
    file = io.StringIO()
    found = summary(1, 1200, stream="[red]odd")
    with caplog.at_level(logging.INFO):
        found.say(requests=7, drips=12.5, file=file)
    (record,) = caplog.records
    assert json.loads(record.getMessage().removeprefix("Summary: "))["streams"]["[red]odd"]["created"] == 1200
    said = file.getvalue()
    title, header, row, last = said.splitlines()
    assert title.strip() == "What became of the records"
    assert header.split() == ["stream", *map(str, Operation)]
    assert row.split() == ["[red]odd", "1200", "0", "0", "0", "1"]
    assert last.startswith("12.5 drips in 7 requests, ")
    assert "\x1b" not in said


def test_the_table_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    summary(0, 1, dry_run=True).say(requests=1, drips=1)
    out, errors = capfd.readouterr()
    assert out == ""
    assert "What would become of the records" in errors


@pytest.mark.parametrize(
    ("value", "number", "share"),
    [
        (0, 0, None),
        (5, 5, None),
        (" 5 ", 5, None),
        (1, 1, None),
        (1.0, 1, None),
        ("5%", None, Decimal("0.05")),
        ("0.5 %", None, Decimal("0.005")),
        ("100%", None, Decimal(1)),
        (0.05, None, Decimal("0.05")),
        (" 0.05", None, Decimal("0.05")),
        (0.00001, None, Decimal("0.00001")),
        (Decimal("0.05"), None, Decimal("0.05")),
        ("0%", None, Decimal(0)),
    ],
)
def test_a_limit_is_a_number_or_a_share(value: Any, number: int | None, share: Decimal | None) -> None:
    limit = Limit.of(value)
    assert (limit.number, limit.share) == (number, share)


@pytest.mark.parametrize(
    "value", ["", "many", "-2", -1, "2.5", 1.5, "101%", "%", "5 of 100", "1e3", "\N{ARABIC-INDIC DIGIT FIVE}"]
)
def test_a_limit_of_another_form_is_told(value: Any) -> None:
    with pytest.raises(SettingsError, match="max_rejects must be a number of records"):
        Limit.of(value)


def test_a_number_of_rejects_stops_the_run_when_it_is_passed() -> None:
    guards = Guards(max_rejects=2)
    guards.check(summary(2))
    with pytest.raises(TooManyRejectsError, match=r"3 of 3 records were rejected.*max_rejects allows \(2\)"):
        guards.check(summary(3))
    with pytest.raises(TooManyRejectsError, match="1 of 1 records"):
        Guards(max_rejects="0").check(summary(1))


@pytest.mark.parametrize("limit", ["5%", 0.05])
def test_a_share_of_rejects_counts_from_a_hundred_records_or_at_the_end(limit: str | float) -> None:
    guards = Guards(max_rejects=limit)
    guards.check(summary(99, 0))
    guards.check(summary(5, 95))
    guards.check(summary(5, 95), ended=True)
    guards.check(summary(0, 0), ended=True)
    with pytest.raises(TooManyRejectsError, match="6 of 100"):
        guards.check(summary(6, 94))
    with pytest.raises(TooManyRejectsError, match="1 of 2"):
        guards.check(summary(1, 1), ended=True)


def test_without_limits_nothing_stops_the_run() -> None:
    guards = Guards(max_rejects=None)
    guards.check(summary(500), ended=True)
    for number in range(1000):
        guards.before_change("items", str(number))
        guards.before_archive("items", str(number))


def test_changes_stop_before_the_one_that_is_too_many() -> None:
    guards = Guards(max_changes=2)
    guards.before_change("items", "a")
    guards.before_archive("items", "b")
    for stop in (guards.before_change, guards.before_archive):
        with pytest.raises(TooManyChangesError, match="max_changes is 2, and record c of items would be one more"):
            stop("items", "c")
    with pytest.raises(TooManyChangesError):
        Guards(max_changes=0).before_change("items", "a")


def test_archiving_has_a_limit_of_its_own() -> None:
    guards = Guards(max_changes=10, max_archives=1)
    guards.before_archive("items", "a")
    guards.before_change("items", "b")
    with pytest.raises(TooManyChangesError, match="max_archives is 1, and record c of items"):
        guards.before_archive("items", "c")


def test_all_limits_are_errors_of_one_line_for_people() -> None:
    assert issubclass(LimitError, LightspeedError)
    for raised in (TooManyRejectsError, TooManyChangesError):
        assert issubclass(raised, LimitError)
