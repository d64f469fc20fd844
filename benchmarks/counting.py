"""How many sales, lines and payments a reader has delivered, read off its output after the measurement."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

_STREAM = re.compile(rb'"stream":\s*"(\w+)"')
_NAMES = ("sales", "sale_lines", "sale_payments")
_KEYS = {"sale_lines": b'"saleLineID"', "sale_payments": b'"salePaymentID"'}
_DLT = {
    "sales": "sales",
    "sale_lines": "sales__sale_lines__sale_line",
    "sale_payments": "sales__sale_payments__sale_payment",
}
_HEAD = 200


def delivered(tool: str, output: Path) -> dict[str, int]:
    """Rows by what they are, whether they came as records of their own or nested in sales."""
    if tool == "dlt":
        return _of_tables(output.read_text(encoding="utf-8"))
    counts = _of_streams(output) if tool == "ours" else _nested(output)
    return {name: counts[name] for name in _NAMES}


def _of_tables(text: str) -> dict[str, int]:
    counts = json.loads(text or "{}")
    return {name: int(counts.get(table, 0)) for name, table in _DLT.items()}


def _of_streams(output: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    with output.open("rb") as lines:
        for line in lines:
            found = _STREAM.search(line, 0, _HEAD) if _is_record(line) else None
            counts[found.group(1).decode() if found else ""] += 1
    return counts


def _nested(output: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    with output.open("rb") as lines:
        for line in filter(_is_record, lines):
            counts["sales"] += 1
            counts.update({name: line.count(key) for name, key in _KEYS.items()})
    return counts


def _is_record(line: bytes) -> bool:
    return b'"RECORD"' in line[:_HEAD] or b'"RECORD"' in line[-_HEAD:]
