"""Input that is no Singer stream ends the run in one line; a record that does not fit is rejected, the rest goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources.sales import Sale, SaleLine
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.faults import Faults
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.jobs import Reader
from target_lightspeed_retail.messages import DEEPEST, LONGEST, LineReader
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.target import LARGEST
from tests.retailer import WIDE
from tests.target.feeding import DIGITS, Feeder, Misfit, Raw, coded, line, misfits, schema, state
from tests.targeting import Message, rows

LINES = 100_000 if os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1" else 3_000
SECRET = "sentinel-8214"
"""Stands in what cannot be read: nothing of it may be in a log."""

MEASURED = """
import sys
from pathlib import Path
from target_lightspeed_retail.cli import main
try:
    main()
finally:
    status = dict(each.split(":", 1) for each in Path("/proc/self/status").read_text().splitlines())
    print("PEAK", int(status["VmHWM"].split()[0]) // 1024, file=sys.stderr)
"""
"""Says how much memory it had at the most; `getrusage` would say how much the process had that started it."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Config(empty=True, **WIDE)) as running:
        yield running


@pytest.fixture
def feeder(sandbox: Sandbox, tmp_path: Path) -> Feeder:
    return Feeder(sandbox, tmp_path)


def item(sku: str, **more: Any) -> Message:
    return {"customSku": sku, "description": f"Item {sku}", **more}


def there(sandbox: Sandbox, *skus: str) -> Counter[str]:
    """How often there is an item with each of some numbers."""
    return Counter(str(row["customSku"]) for row in rows(sandbox, "Item") if row["customSku"] in skus)


ITEMS = schema("items", "customSku")
DEEP = Raw('{"a":' * 10_000 + "1" + "}" * 10_000)

BROKEN: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"no JSON, " + SECRET.encode() + b"\n", "no JSON"),
    "half a line": (line("items", item("H", note=SECRET))[:-12] + b"\n", "no JSON"),
    "two messages in a line": (line("items", item("T"))[:-1] + line("items", item("T")), "no JSON"),
    "binary": (bytes(range(256)).replace(b"\n", b"") + b"\n", "UTF-8"),
    "another encoding": (line("items", item("L"))[:-1].replace(b"Item", "Bär".encode("latin-1")) + b"\n", "UTF-8"),
    "UTF-16": ('{"type": "STATE", "value": {}}'.encode("utf-16-le") + b"\n", "no JSON"),
    "a mark of order midway": (b"\xef\xbb\xbf" + line("items", item("M")), "no JSON"),
    "a null byte": (b"\x00\n", "no JSON"),
    "a raw control character": (b'{"type": "STATE", "value": {"a": "\x01"}}\n', "no JSON"),
    "nothing": (b"null\n", "no JSON object"),
    "a number": (b"1\n", "no JSON object"),
    "a text": (b'"RECORD"\n', "no JSON object"),
    "a list": (b"[]\n", "no JSON object"),
    "no type": (coded({"stream": "items", "record": item("N", note=SECRET)}), "type"),
    "an unknown type": (coded({"type": "GOODBYE", "stream": "items", "note": SECRET}), "type"),
    "a type in small letters": (coded({"type": "record", "stream": "items", "record": {}}), "type"),
    "a type that is a list": (coded({"type": ["RECORD"]}), "type"),
    "a record without a stream": (coded({"type": "RECORD", "record": item("R", note=SECRET)}), "stream"),
    "a stream that is no text": (coded({"type": "RECORD", "stream": ["items"], "record": {}}), "stream"),
    "a stream without a name": (coded({"type": "SCHEMA", "stream": "", "schema": {"properties": {}}}), "stream"),
    "a stream with a line in its name": (coded({"type": "SCHEMA", "stream": "a\nb", "schema": {}}), "stream"),
    "no record": (coded({"type": "RECORD", "stream": "items"}), "record"),
    "a record that is nothing": (coded({"type": "RECORD", "stream": "items", "record": None}), "record"),
    "a record that is a list": (coded({"type": "RECORD", "stream": "items", "record": [SECRET]}), "record"),
    "no schema": (coded({"type": "SCHEMA", "stream": "items"}), "schema"),
    "a schema that is a truth value": (coded({"type": "SCHEMA", "stream": "items", "schema": True}), "schema"),
    "a schema of no properties": (coded({"type": "SCHEMA", "stream": "items", "schema": {"a": SECRET}}), "schema"),
    "properties that are a list": (schema("items", properties=[SECRET]), "schema"),
    "key properties that are a text": (
        coded({"type": "SCHEMA", "stream": "items", "schema": {"properties": {}}, "key_properties": "customSku"}),
        "key_properties",
    ),
    "key properties that are numbers": (
        coded({"type": "SCHEMA", "stream": "items", "schema": {"properties": {}}, "key_properties": [1]}),
        "key_properties",
    ),
    "a state without a value": (coded({"type": "STATE"}), "value"),
    "a state that is a text": (coded({"type": "STATE", "value": SECRET}), "value"),
    "a state that is no number": (state(seen=Raw("NaN")), "NaN"),
    "a state of half a character": (state(seen=Raw('"\\ud800"')), "state"),
    "a version of no stream": (coded({"type": "ACTIVATE_VERSION", "version": 1}), "stream"),
    "a batch": (coded({"type": "BATCH", "stream": "items", "encoding": {}, "manifest": [SECRET]}), "BATCH"),
    "nested 10,000 deep": (line("items", item("D", note=DEEP)), "nested"),
    "nested a little too deep": (line("items", {"a": Raw("[" * DEEPEST + "]" * DEEPEST)}), "nested"),
    "a record before its schema": (line("customers", {"firstName": SECRET}), "before the SCHEMA"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_singer_ends_the_run_in_a_line_and_loses_nothing(
    sandbox: Sandbox, feeder: Feeder, case: str
) -> None:
    """The records before it come again, as no state acknowledges them, and each is there once in the end."""
    content, word = BROKEN[case]
    skus = [f"{case} {n}" for n in range(3)]
    one, two, three = (line("items", item(sku)) for sku in skus)
    done = feeder.feed(ITEMS + one + state(n=1) + two + content + three + state(n=3), batch_size_rows=1)
    done.is_refused("Line 5 of the input", word)
    assert SECRET not in done.errors
    assert [told for told in done.states if told != {"n": 1}] == []
    assert there(sandbox, *skus) == dict.fromkeys(skus[: len(done.outcomes)], 1)
    if done.states:
        assert there(sandbox, skus[0])
    mended = feeder.feed(ITEMS + one + state(n=1) + two + three + state(n=3))
    mended.is_well()
    assert mended.states[-1] == {"n": 3}
    assert there(sandbox, *skus) == dict.fromkeys(skus, 1)


UNUSUAL: dict[str, bytes] = {
    "CRLF": (ITEMS + line("items", item("CRLF")) + state(n=1)).replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + ITEMS + line("items", item("BOM")) + state(n=1),
    "empty": b"\n\n" + ITEMS + b" \t\r\n" + line("items", item("empty")) + b"\n" + state(n=1) + b"\n\n",
    "blanks": b"  " + ITEMS + b"\t" + line("items", item("blanks")) + state(n=1)[:-1] + b"   \n",
    "no end": ITEMS + line("items", item("no end")) + state(n=1)[:-1],
    "version": coded({"type": "ACTIVATE_VERSION", "stream": "items", "version": 1})
    + ITEMS
    + line("items", item("version"))
    + coded({"type": "ACTIVATE_VERSION", "stream": "items"})
    + state(n=1),
    "twice": ITEMS
    + line("items", item("twice")).replace(b'{"customSku"', b'{"customSku": "first", "customSku"')
    + state(n=1),
    "nothing": ITEMS + line("items", item("nothing")) + coded({"type": "STATE", "value": None}) + state(n=1),
    "no keys": coded({"type": "SCHEMA", "stream": "items", "schema": {"properties": {}}, "key_properties": None})
    + line("items", item("no keys"))
    + state(n=1),
}


@pytest.mark.parametrize("sku", UNUSUAL)
def test_what_is_written_in_another_way_is_read_all_the_same(sandbox: Sandbox, feeder: Feeder, sku: str) -> None:
    done = feeder.feed(UNUSUAL[sku])
    done.is_well()
    assert done.states[-1] == {"n": 1}
    assert there(sandbox, sku, "first") == {sku: 1}


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_no_input_at_all_is_well(feeder: Feeder, content: bytes) -> None:
    done = feeder.feed(content)
    done.is_well()
    assert (done.states, done.outcomes) == ([], [])


def test_a_state_comes_back_digit_for_digit_and_before_anything_else(feeder: Feeder) -> None:
    text = '{"a":1.50,"b":123456789012345678901234567890,"c":{"d":[null,true,"\\u00e9"]},"e":1E+30}'
    done = feeder.feed(coded({"type": "STATE", "value": Raw(text)}))
    done.is_well()
    (told,) = {each.strip() for each in (feeder.folder / "stdout-1.txt").read_text(encoding="utf-8").splitlines()}
    assert told == text


def test_a_state_says_nothing_of_records_that_a_changed_schema_left_waiting(sandbox: Sandbox, feeder: Feeder) -> None:
    """Each schema has a sink of its own; what waits in earlier ones is written before what came later."""
    skus = [f"S{n}" for n in range(60)]
    content = b"".join(
        schema("items", *(["customSku"] if n % 2 else ["customSku", "description"]), note=n)
        + line("items", item(sku))
        + state(n=n)
        for n, sku in enumerate(skus)
    )
    sandbox.server.faults = Faults(["503:1:POST"])
    broken = feeder.feed(content)
    sandbox.server.faults = Faults([])
    assert (broken.code, broken.states) == (1, [])
    done = feeder.feed(content)
    done.is_well()
    assert done.states[-1] == {"n": 59}
    assert there(sandbox, *skus) == dict.fromkeys(skus, 1)


def test_a_record_of_one_key_is_changed_not_doubled_when_the_schema_changes(sandbox: Sandbox, feeder: Feeder) -> None:
    later = ITEMS.replace(b'"properties": {}', b'"properties": {"defaultCost": {}}')
    record = item("twice told")
    done = feeder.feed(ITEMS + line("items", record) + later + line("items", {**record, "description": "later"}))
    done.is_well()
    assert there(sandbox, "twice told") == {"twice told": 1}
    assert [row["description"] for row in rows(sandbox, "Item", customSku="twice told")] == ["later"]


MISFITS = list(misfits())


@pytest.mark.parametrize("stream", [resource.api.stream for resource in ordered()])
def test_a_value_that_does_not_fit_its_field_is_told_by_the_path_of_the_field(stream: str) -> None:
    found = [each for each in MISFITS if each.resource.api.stream == stream]
    reader, lines = Reader(found[0].resource, ["ref"], 1) if found else None, LineReader()
    wrong = [told for each in found if reader and each.path not in (told := reason(reader, lines, each))]
    assert (len(found) > 0, wrong) == (True, [])


def reason(reader: Reader, lines: LineReader, misfit: Misfit) -> str:
    """Why a record is rejected."""
    message = lines.deserialize_json(line(misfit.resource.api.stream, {"ref": "1", **misfit.record}))
    try:
        reader(message["record"])
    except RejectedError as error:
        return str(error)
    return f"{misfit.path} takes {misfit.value!r:.60}"


def test_values_that_do_not_fit_are_rejected_one_by_one_while_the_rest_goes_on(
    sandbox: Sandbox, feeder: Feeder
) -> None:
    wrong = [each for each in MISFITS if "." not in each.path]
    streams = list(dict.fromkeys(each.resource.api.stream for each in wrong))
    content = b"".join(schema(stream, "ref") for stream in streams) + line("items", item("before", ref=1))
    content += b"".join(line(each.resource.api.stream, {**each.record, "ref": n}) for n, each in enumerate(wrong))
    content += line("items", item("after", ref=-1)) + state(n=1)
    done = feeder.feed(content)
    done.is_well()
    assert done.states[-1] == {"n": 1}
    assert there(sandbox, "before", "after") == {"before": 1, "after": 1}
    assert Counter(each["operation"] for each in done.outcomes) == {"created": 2, "rejected": len(wrong)}
    back = [each for each in done.rejects if each["type"] == "RECORD"]
    assert [each["record"]["ref"] for each in back] == list(range(len(wrong)))
    assert [n for n, each in enumerate(wrong) if each.path not in back[n]["reason"]] == []


ODD_KEYS: tuple[Any, ...] = (
    True,
    1.5,
    [],
    {},
    {"a": [1]},
    Raw("NaN"),
    Raw(DIGITS),
    DIGITS,
    Raw('"\\udfff"'),
    "a\x00b",
    "a\nb",
    "x" * 100_000,
)


@pytest.mark.parametrize("name", ["customSku", "ref", "accountID", "itemID", "_sdc_deleted_at"])
def test_whatever_a_key_is_each_record_has_one_end(feeder: Feeder, name: str) -> None:
    records = [{**item(f"{name} {n}"), name: key} for n, key in enumerate(ODD_KEYS)]
    done = feeder.feed(schema("items", name) + b"".join(line("items", record) for record in records) + state(n=1))
    done.is_well()
    assert len(done.outcomes) == len(records)
    assert done.states[-1] == {"n": 1}


@pytest.mark.parametrize("stream", ["items", "widgets", "tags_by_hand"])
def test_texts_that_are_none_are_no_end_for_other_streams_either(feeder: Feeder, stream: str) -> None:
    odd = (*ODD_KEYS, Raw("1e999999999"), Raw('"\\ud800"'))
    sinks = [{"stream": "tags_by_hand", "path": "/Tag.json", "key": ["ref"], "unknown": "again"}]
    content = schema(stream, "ref") + b"".join(
        line(stream, {"ref": n, "name": value, "x\x00y": value}) for n, value in enumerate(odd)
    )
    done = feeder.feed(content + state(n=1), custom_sinks=sinks)
    done.is_well()
    assert len(done.outcomes) == len(odd)
    assert done.states[-1] == {"n": 1}


def test_fields_by_the_thousand_that_nobody_knows_are_told_by_the_hundred(sandbox: Sandbox, feeder: Feeder) -> None:
    record = item("ten thousand", **{f"field {n}\n": n for n in range(10_000)})
    done = feeder.feed(ITEMS + line("items", record) + state(n=1))
    done.is_well()
    assert there(sandbox, "ten thousand") == {"ten thousand": 1}
    assert done.errors.count("has no field") <= 101


def peak(feeder: Feeder, content: bytes | Path) -> tuple[int, int]:
    """Exit code and the most memory in MB that a run of the target over an input had."""
    feeder.feed(b"")
    config = feeder.folder / "config-1.txt"
    place = content if isinstance(content, Path) else feeder.folder / "large.txt"
    if isinstance(content, bytes):
        place.write_bytes(content)
    command = [sys.executable, "-c", MEASURED, "--config", str(config), "--input", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    assert len(done.stderr) < 100_000
    return done.returncode, int(done.stderr.split("PEAK ")[1])


def test_a_record_of_50_mb_is_rejected_within_bounds(sandbox: Sandbox, feeder: Feeder) -> None:
    large = line("items", item("large", note="x" * 50_000_000))
    code, megabytes = peak(feeder, ITEMS + large + line("items", item("beside it")) + state(n=1))
    assert code == 0
    assert there(sandbox, "large", "beside it") == {"beside it": 1}
    (told,) = [
        each
        for text in (feeder.folder / "outcome-1.txt").read_text(encoding="utf-8").splitlines()
        if (each := json.loads(text))["operation"] == "rejected"
    ]
    assert "larger than 16 MB" in told["reason"]
    assert megabytes < 600


def test_a_line_without_an_end_is_given_up_within_bounds(feeder: Feeder) -> None:
    endless = feeder.folder / "endless"
    endless.write_bytes(ITEMS)
    os.truncate(endless, 20 * LONGEST)
    code, megabytes = peak(feeder, endless)
    assert code == 1
    assert megabytes < 400


def test_large_records_do_not_wait_for_each_other_in_memory(sandbox: Sandbox, feeder: Feeder) -> None:
    skus = [f"L{n}" for n in range(120)]
    content = ITEMS + b"".join(line("items", item(sku, unknown="x" * 1_000_000)) for sku in skus) + state(n=1)
    assert len(content) > 6 * LARGEST
    code, megabytes = peak(feeder, content)
    assert code == 0
    assert there(sandbox, *skus) == dict.fromkeys(skus, 1)
    assert megabytes < 400


def test_a_sale_of_thousands_of_lines_is_written_within_bounds(sandbox: Sandbox, feeder: Feeder) -> None:
    """What it takes grows with the lines, not with their square."""
    ours = item("sold by the thousand")
    rows_of_it = [{"itemID": ours["customSku"], "unitQuantity": n % 9 + 1, "unitPrice": "1"} for n in range(LINES)]
    sale = {"ref": 1, "shopID": 1, "registerID": 1, "employeeID": 1, "SaleLines": rows_of_it}
    content = ITEMS + line("items", ours) + schema("sales", "ref") + line("sales", sale) + state(n=1)
    code, megabytes = peak(feeder, content)
    assert code == 0
    (sold,) = sandbox.rows(Sale)
    assert sum(row["saleID"] == sold["saleID"] for row in sandbox.rows(SaleLine)) == LINES
    assert megabytes < 900
