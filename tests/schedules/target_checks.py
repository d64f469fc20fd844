"""What must be true of a schedule of the target: after each run, and in the end."""

from __future__ import annotations

import json
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.jobs import Job, Reader
from target_lightspeed_retail.ledger import Entry, Ledger
from target_lightspeed_retail.options import by_stream
from target_lightspeed_retail.records import DELETED
from tests.schedules.target_records import Source
from tests.schedules.target_runs import Run, Runner
from tests.secrecy import pieces
from tests.target.mixed import KEY, SHARES, Contents, there

_SIGNAL_BASE = 128
_TOLD = 3
FOLLOWING = {"item_shops", "inventory_logs"}
"""Rows that Lightspeed makes of others."""


def of_run(run: Run, source: Source) -> Iterator[str]:
    """What is wrong with how a run ended."""
    expected = {0, 1}
    if run.killed is signal.SIGKILL:
        expected.add(-signal.SIGKILL)
    elif run.killed is not None:
        # Before the program has said what it does about signals, they end it as they end any.
        expected |= {_SIGNAL_BASE + run.killed, -run.killed}
    if run.code not in expected:
        yield f"{run}: ended with {run.code}: {run.errors[-2000:]}"
    if "Traceback" in run.errors:
        yield f"{run}: {run.errors[-3000:]}"
    if run.code == 1 and "ERROR" not in run.errors and '"level": "error"' not in run.errors.lower():
        yield f"{run}: ended with 1 and said nothing: {run.errors[-1000:]}"
    states = run.states
    if states != sorted(states) or not source.states.issuperset(states):
        yield f"{run}: it acknowledged {states}"


def acknowledged(ledger: str, account: int, source: Source, seen: int) -> Iterator[str]:
    """Records that were acknowledged and are neither in Lightspeed, by the ledger, nor wait in it."""
    opened = Ledger(ledger, account, run_id="the test")
    try:
        for stream, jobs in _jobs(source, seen, account).items():
            keys = [job.key for job in jobs]
            entries, waiting = opened.entries(stream, keys), opened.parked_among(stream, keys)
            for job in jobs:
                if job.key not in waiting and not _is_settled(entries.get(job.key), job):
                    yield f"{stream} {job.key} was acknowledged, and is not settled"
    finally:
        opened.close()


def _jobs(source: Source, seen: int, account: int) -> dict[str, list[Job]]:
    """Records as the ledger knows them."""
    readers = {stream: Reader(by_stream()[stream], [KEY], account) for stream in SHARES}
    found: dict[str, list[Job]] = defaultdict(list)
    for stream, record in source.mixed.records[:seen]:
        found[stream].append(readers[stream](json.loads(json.dumps(record, default=str))))
    return found


def _is_settled(entry: Entry | None, job: Job) -> bool:
    if entry is None or entry.intended_at is not None or not entry.lightspeed_id:
        return False
    # Of a row that was archived already there is nothing to note.
    return DELETED in job.digests or all(entry.fields.get(name) == value for name, value in job.digests.items())


def content(sandbox: Sandbox, source: Source, before: Mapping[str, int]) -> Iterator[str]:
    """What is missing in Lightspeed, there twice, or there as nobody has sent it."""
    found, sent = kept(there(sandbox)), kept(source.wanted())
    for stream in SHARES:
        for text in sorted((sent[stream] - found[stream]).elements())[:_TOLD]:
            yield f"{stream}: missing {text}"
        for text in sorted((found[stream] - sent[stream]).elements())[:_TOLD]:
            yield f"{stream}: too much {text}"
    yield from _besides(sandbox, source, before)


def kept(contents: Contents) -> Contents:
    """All but sales that were given up before they were completed: they stand for no record."""
    given_up = ('"archived": true', '"completed": false')
    sales = contents.get("sales", Counter())
    left = Counter({text: count for text, count in sales.items() if not all(mark in text for mark in given_up)})
    return defaultdict(Counter, {**contents, "sales": left})


def _besides(sandbox: Sandbox, source: Source, before: Mapping[str, int]) -> Iterator[str]:
    """Rows of streams that were not written to; lines and payments are told with what they belong to."""
    reports = {resource.api.stream for resource in Resource.all() if resource.api.dimensions}
    expected = {*source.counts(), "sale_lines", "sale_payments", *FOLLOWING, *reports}
    for stream, count in sandbox.state()["rows"].items():
        if stream not in expected and count != before[stream]:
            yield f"{stream}: {count} rows instead of {before[stream]}"


def files(runner: Runner) -> Iterator[str]:
    """What does not fit together in the outcome file and the rejects file."""
    outcomes = [line for line in _lines(runner.outcomes) if not line["dry_run"]]
    for outcome in outcomes:
        if outcome["operation"] == "rejected":
            yield f"rejected: {outcome['stream']} {outcome['key']}: {outcome['reason']}"
    rejected = sum(outcome["operation"] == "rejected" for outcome in outcomes)
    records = [line for line in _lines(runner.rejects) if line["type"] == "RECORD"]
    if rejected != len(records):
        yield f"{rejected} outcomes are rejected, and the rejects file has {len(records)}"
    for name, ids in _by_key(outcomes, "lightspeed_id").items():
        if len(ids) > 1:
            yield f"{name} became {sorted(ids)}"
    for name, ends in _by_key(outcomes, "operation").items():
        if ends["created"] > 1:
            yield f"{name} was created {ends['created']} times"


def _by_key(outcomes: list[dict[str, Any]], field: str) -> dict[str, Counter[Any]]:
    found: dict[str, Counter[Any]] = defaultdict(Counter)
    for outcome in outcomes:
        if outcome[field] is not None:
            found[f"{outcome['stream']} {outcome['key']}"][outcome[field]] += 1
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def secrets(runner: Runner) -> Iterator[str]:
    """Secrets in what the runs have said or written, but for their settings and the token store."""
    given = {runner.sandbox.client_secret, *runner.sandbox.server.grants.given}
    marks = {piece for secret in given for piece in pieces(secret)}
    for path in sorted(runner.folder.rglob("*")):
        if path.is_file() and not path.name.startswith(("config-", "tokens", "input-", "account")):
            text = path.read_bytes().decode(errors="replace")
            if any(mark in text for mark in marks):
                yield f"{path.name} holds a secret"
