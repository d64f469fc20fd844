"""RESULTS.md, out of results.json alone: the same results always give the same page."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import goals, tables
from benchmarks.results import Results
from benchmarks.tables import NAMES

_HEAD = """\
# Results

Written by `make bench` from `results.json`; do not edit. [How it is measured, and what the words mean](README.md).
"""

_PACED = """\
An account gives drips: with one register one a second and 90 to begin with. The cheapest plan for sales with lines and
payments is full pages at 1.8 drips, which takes (drips - bucket) / drips a second at the least. The columns by
registers (r) and latency say how many times that it took. Every run is also set against what the latency allows with as
many connections as the reader had open, if that is more: who asks for one page at a time can't be faster.
"""

_CONTROL = """\
2,500 sales, one register, 0.3 s latency, a bucket of 20 drips so that it matters: in real time, and four times faster.
"""

_PROCESSOR = """\
No limits, no latency; the sandbox runs on the same cores. Rows are sales, lines and payments; a reader may deliver
fewer because it does not ask for archived sales, or because a line that comes alone is flattened into its sale.
"""

_IDLE = """\
One register, 0.3 s latency, real time.
"""

_START = """\
A process that starts and ends, and one that prints its catalog.
"""

_CEILING = """\
Bytes, not even decoded.
"""


def page(results: Results) -> str:
    """The whole page."""
    return "\n".join(_sections(results)).rstrip() + "\n"


def _sections(results: Results) -> Iterator[str]:
    yield _HEAD
    yield _conditions(results)
    yield "![Processor, memory, drips and time, by reader](results.svg)\n"
    yield from _section("What is aimed at", "", goals.page(results))
    if any(results.of("pace")):
        yield from _section("Drips, refusals and time", _PACED, tables.pace_summary(results))
        yield f"<details><summary>Every run</summary>\n\n{tables.pace(results.of('pace'))}\n\n</details>\n"
    if any(results.of("control")):
        yield from _section("Control in real time", _CONTROL, tables.control(results))
    yield from _section("Processor, memory, speed", _PROCESSOR, tables.processor(results))
    yield from _section(
        "Twelve streams with nothing new", "One register, 0.3 s latency, real time.\n", tables.idle(results)
    )
    yield from _section(
        "Start", "A process that starts and ends, and one that prints its catalog.\n", tables.starts(results)
    )
    yield from _section("What the sandbox gives", "Bytes, not even decoded.\n", tables.ceiling(results))


def _section(title: str, text: str, content: str) -> Iterator[str]:
    yield f"## {title}\n"
    if text:
        yield text
    yield f"{content}\n"


def _conditions(results: Results) -> str:
    machine = results.machine
    names = ", ".join(f"{version}" for tool, version in results.versions.items() if tool in NAMES and tool != "bytes")
    return f"{machine.get('cores')} cores, {machine.get('system')}, Python {machine.get('python')}: {names}.\n"
