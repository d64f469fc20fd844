"""The page on the pipeline: whether all is fresh, what the runs cost, what was rejected, whether totals agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from markupsafe import Markup

from lightspeed_retail.report import charts, questions, words
from lightspeed_retail.report.loaded import Loaded, streams
from lightspeed_retail.report.parts import Page, Section, Tile
from lightspeed_retail.report.runs import TapRun, TargetRun, last_target_run, tap_runs
from lightspeed_retail.report.tables import Column, table
from lightspeed_retail.report.warehouse import Warehouse
from lightspeed_retail.report.words import Currency

_FEW, _MANY = 15, 60
_OPERATIONS = ("created", "updated", "unchanged", "archived", "rejected")


@dataclass(frozen=True)
class Files:
    """What else is known of runs.

    Args:
        bills: The tap's file of bills.
        outcomes: The target's file of outcomes.
    """

    bills: Path | None = None
    outcomes: Path | None = None


class PipelinePage:
    """The page on the pipeline.

    Args:
        warehouse: Where the loader writes.
        currency: How amounts are written.
        files: What else is known of runs.
        now: This moment.
        stale: The age from which on rows are old.
    """

    def __init__(self, warehouse: Warehouse, currency: Currency, files: Files, now: datetime, stale: timedelta) -> None:
        """Read the files and count the rows."""
        self._warehouse = warehouse
        self._currency = currency
        self._now = now
        self._stale = stale
        self._files = files
        self._runs = tap_runs(files.bills, warehouse.account) if files.bills else []
        self._written = last_target_run(files.outcomes) if files.outcomes else None
        self._streams = streams(warehouse, now)

    def page(self) -> Page:
        """The page as it is to be set."""
        sections = [self._fresh(), self._costs(), self._rejects(), self._agreement()]
        text = f"As it was on {words.moment(self._now)} {self._now:%Z}."
        return Page("pipeline", "Pipeline", text, self._tiles(), sections)

    def _tiles(self) -> list[Tile]:
        rows = sum(each.rows for each in self._streams)
        tiles = [Tile("Rows in the warehouse", words.count(rows), words.counted(len(self._streams), "stream"))]
        newest = max((each.written for each in self._streams if each.written), default=None)
        if newest is not None:
            is_old = self._is_old(newest)
            more = "older than it should be" if is_old else "fresh"
            tiles.append(Tile("Last load", f"{self._age(newest)} ago", more, "bad" if is_old else "good"))
        return [*tiles, *self._tiles_of_runs()]

    def _tiles_of_runs(self) -> list[Tile]:
        tiles = []
        if self._runs:
            last = self._runs[-1]
            mood = "good" if last.is_good else "bad"
            tiles.append(Tile("Drips of the last run", words.count(last.drips), last.end, mood))
        if self._written is not None:
            rejected = sum(count for (_, operation), count in self._written.counts.items() if operation == "rejected")
            tiles.append(
                Tile("Rejected", words.count(rejected), "records of the last write", "bad" if rejected else "")
            )
        return tiles

    def _age(self, moment: datetime) -> str:
        return words.age(self._now - moment)

    def _is_old(self, moment: datetime) -> bool:
        return self._now - moment > self._stale

    def _fresh(self) -> Section:
        title = "Streams"
        if not self._streams:
            schema = self._warehouse.raw_schema
            text = (
                f"There are no tables in the schema {schema}. Run the pipeline, or name the schema with --raw-schema."
            )
            return Section("streams", title, text)
        last = self._last_rows()
        rows = pl.DataFrame([self._row(each, last) for each in self._streams], infer_schema_length=None)
        columns = [
            Column("stream", "Stream"),
            Column("rows", "Rows", words.count),
            *([Column("last", "In the last run", words.count)] if last else []),
            Column("recent", "Written in 24 h", words.count),
            Column("written", "Last written, UTC"),
            Column("age", "Age"),
        ]
        quiet = sum(1 for each in self._streams if each.written is not None and self._is_old(each.written))
        text = (
            f"A stream without changes is not written, so an old one need not be wrong; {quiet} of "
            f"{len(self._streams)} were last written more than {words.age(self._stale)} ago."
        )
        return Section("streams", title, text, [table("stream-rows", rows, "Rows and freshness by stream", columns)])

    def _row(self, each: Loaded, last: dict[str, int]) -> dict[str, object]:
        return {
            "stream": each.stream,
            "rows": each.rows,
            "last": last.get(each.stream),
            "recent": each.recent,
            "written": words.moment(each.written),
            "age": words.NOTHING if each.written is None else self._age(each.written),
        }

    def _last_rows(self) -> dict[str, int]:
        """The rows of each stream in the last run of each account that had it selected."""
        latest: dict[tuple[str, str], int] = {}
        for run in self._runs:
            latest.update({(run.account, stream): rows for stream, rows in run.rows.items()})
        sums: dict[str, int] = {}
        for (_, stream), rows in latest.items():
            sums[stream] = sums.get(stream, 0) + rows
        return sums

    def _costs(self) -> Section:
        heading = "Runs and what they cost"
        if not self._runs:
            how = (
                "Name the tap's file of bills with --bills"
                if self._files.bills is None
                else "The file of bills is empty"
            )
            text = f"{how}: the tap writes a line for each run to the file that its setting bill_path names."
            return Section("runs", heading, text)
        shown = self._runs[-_MANY:]
        bars = pl.DataFrame(
            {
                "number": range(len(shown)),
                "drips": [run.drips for run in shown],
                "kind": [charts.ENDS[not run.is_good] for run in shown],
            }
        )
        title = f"Drips of the last {words.counted(len(shown), 'run')}, the newest at the right"
        chart = charts.drawn(charts.bars_by_run(bars, title), f"{title}.")
        return Section("runs", heading, self._sum_of_runs(), [chart, _table_of_runs(self._runs[-_FEW:])])

    def _sum_of_runs(self) -> str:
        month = [run for run in self._runs if self._now - run.ended <= timedelta(days=30)]
        drips, rows = sum(run.drips for run in month), sum(sum(run.rows.values()) for run in month)
        refused = sum(run.refused for run in month)
        per_drip = words.one_digit(words.ratio(rows, drips))
        return (
            f"In the last 30 days {words.counted(len(month), 'run')} brought {words.counted(rows, 'row')} for "
            f"{words.count(drips)} drips, "
            f"{per_drip} rows a drip; refused for the rate limit: {words.counted(refused, 'request')}."
        )

    def _rejects(self) -> Section:
        title = "Written back, and rejected"
        run = self._written
        if run is None:
            text = "Name the target's file of outcomes with --outcomes to see what was written back to Lightspeed."
            return Section("rejects", title, text if self._files.outcomes is None else "The file of outcomes is empty.")
        rejected = sum(count for (_, operation), count in run.counts.items() if operation == "rejected")
        did = "The last run, a dry one," if run.is_dry else "The last run"
        text = (
            f"{did} ended on {words.moment(run.at)} UTC with {words.counted(sum(run.counts.values()), 'record')} for "
            f"{words.count(run.drips)} drips; rejected: {words.count(rejected)}."
        )
        tables = [_table_of_outcomes(run)]
        if run.rejects:
            tables.append(_table_of_rejects(run))
        return Section("rejects", title, text, tables)

    def _agreement(self) -> Section:
        title = "Totals against Lightspeed's own reports"
        rows = self._warehouse.ask(questions.DIFFERENCES)
        if rows.is_empty():
            return Section("agreement", title, "There is nothing to compare: the reports by day are not loaded.")
        wrong = int(rows["differing"].sum())
        text = (
            "All daily totals agree."
            if not wrong
            else f"{words.count(wrong)} daily totals differ: see rpt_reconciliation."
        )
        columns = [
            Column("figure", "Figure"),
            Column("compared", "Compared", words.count),
            Column("differing", "Differing", words.count),
            Column("difference", "Sum of differences", self._currency.amount),
            Column("first", "From", words.day),
            Column("last", "To", words.day),
        ]
        return Section("agreement", title, text, [table("differences", rows, "Daily totals compared", columns)])


def _table_of_runs(runs: Sequence[TapRun]) -> Markup:
    rows = [
        {
            "began": words.moment(run.began),
            "account": run.account,
            "rows": sum(run.rows.values()),
            "drips": run.drips,
            "requests": run.requests,
            "seconds": run.seconds,
            "waited": run.waited,
            "refused": run.refused,
            "end": run.end,
        }
        for run in reversed(runs)
    ]
    columns = [
        Column("began", "Began, UTC"),
        Column("account", "Account"),
        Column("rows", "Rows", words.count),
        Column("drips", "Drips", words.count),
        Column("requests", "Requests", words.count),
        Column("seconds", "Took", words.seconds),
        Column("waited", "Waited", words.seconds),
        Column("refused", "Refused", words.count),
        Column("end", "End"),
    ]
    return table("tap-runs", pl.DataFrame(rows, infer_schema_length=None), "The last runs of the tap", columns)


def _table_of_outcomes(run: TargetRun) -> Markup:
    names = sorted({stream for stream, _ in run.counts})
    rows = [{"stream": name, **{operation: run.counts[name, operation] for operation in _OPERATIONS}} for name in names]
    columns = [Column(name, name.capitalize(), words.count) for name in _OPERATIONS]
    caption = "What became of the records of the last run"
    return table("outcomes", pl.DataFrame(rows), caption, [Column("stream", "Stream"), *columns])


def _table_of_rejects(run: TargetRun) -> Markup:
    last = list(run.rejects)[-_FEW:]
    rows = [{"key": str(line["key"]), "stream": str(line["stream"]), "reason": str(line["reason"])} for line in last]
    columns = [Column("key", "Record"), Column("stream", "Stream"), Column("reason", "Why")]
    return table("rejected", pl.DataFrame(rows), "Records that were rejected, the last ones", columns)
