"""What holds for every stream that the target makes rows of: made once, changed in what differs, ended when gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.resources import FieldType, Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.images import ImageWriter
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.records import DELETED
from target_lightspeed_retail.sales import SaleWriter
from target_lightspeed_retail.writers import writer_of
from tests.retailer import plain, small_sandbox, small_store
from tests.targeting import Done, Message, messages, run

OTHERS = (SaleWriter, ImageWriter)
"""Sales and pictures take more than their fields; they have tests of their own."""

MADE = [
    resource
    for resource in ordered()
    if "POST" in resource.api.verbs and not resource.api.administrative and writer_of(resource) not in OTHERS
]
CHANGED = [resource for resource in MADE if "PUT" in resource.api.verbs]
STOCK = {"write_stock": True}

FREE = ("title", "accountNumber", "internalNote", "notes", "note", "description", "colorName", "name", "tax1Name")
"""Fields that take any text, those first that tell nothing."""

CHOSEN = ("ype", "Level", "Method", "Code", "status")
"""What the names of texts end in that must be one of a few."""

NOT_COPIED = (
    "archived",
    "upc",
    "ean",
    "itemMatrixID",
    "orderedDate",
    "receivedDate",
    "catalogVendorID",
    "lastPriceChange",
)
CONTACT = {"Contact": {"custom": "of the test"}}


def telling(resource: type[Resource]) -> set[str]:
    """The fields by which rows are found."""
    return {path for match in resource.api.match for path in match.fields} | set(resource.api.unique)


def like(resource: type[Resource], row: Record) -> Record:
    """A record of a new row that is like one that exists, but for what tells them apart."""
    found: Record = {"ref": f"{resource.api.stream} of the test"}
    for known in resource.writable():
        value = row.get(known.name)
        if known.nested is not None or known.name in NOT_COPIED:
            continue
        if known.name not in telling(resource):
            found |= {known.name: value} if value not in (None, "", 0, False) else {}
        elif known.type is FieldType.STRING:
            found[known.name] = f"test {known.name}"
    return found | (CONTACT if "Contact.custom" in telling(resource) else {})


def changed(resource: type[Resource], record: Record) -> Record:
    """The record after somebody has changed a field."""
    allowed = resource.api.updates or tuple(record)
    name = next((name for name in FREE if name in record and name in allowed), None)
    if name is not None:
        return {**record, name: "changed by the test"}
    name = "qty" if "qty" in record else "vendorCurrencyRate"
    return {**record, name: record[name] + 1}


def another(resource: type[Resource], one: Record, two: Record) -> str | None:
    """A text of a record that did not change, says nothing about which row it is, and may be any text."""
    texts = [known.name for known in resource.writable() if known.type is FieldType.STRING and known.name in one]
    free = [name for name in texts if not name.endswith(CHOSEN) and name not in telling(resource)]
    return next((name for name in free if one[name] == two[name]), None)


@dataclass
class Story:
    """One record of each stream through its life.

    Args:
        sandbox: Where.
        records: By resource, as they were when they were made.
        runs: The runs, by what happened.
        keys: The rows that they became.
        by_hand: What somebody changed in Lightspeed meanwhile.
        there: The rows after each run.
    """

    sandbox: Sandbox
    records: dict[type[Resource], Record]
    runs: dict[str, Done] = field(default_factory=dict)
    keys: dict[type[Resource], int] = field(default_factory=dict)
    by_hand: dict[type[Resource], tuple[str, Any]] = field(default_factory=dict)
    there: dict[str, dict[type[Resource], Record | None]] = field(default_factory=dict)

    def tell(self, name: str, records: dict[type[Resource], Record], folder: Path) -> None:
        """Run with a record of each stream, and look."""
        said = [message for resource, row in records.items() for message in messages(resource.api.stream, [row], "ref")]
        self.runs[name] = run(self.sandbox, said, folder, **STOCK)
        assert self.runs[name].code == 0, self.runs[name].errors[-3000:]
        if not self.keys:
            self.keys = {resource: int(self.ended(name, resource)["lightspeed_id"] or 0) for resource in records}
        self.there[name] = {resource: self._row(resource) for resource in self.keys}

    def ended(self, name: str, resource: type[Resource]) -> Message:
        """How the record of a stream ended in a run."""
        (found,) = [each for each in self.runs[name].outcomes if each["stream"] == resource.api.stream]
        return found

    def _row(self, resource: type[Resource]) -> Record | None:
        key = resource.api.key
        return next((row for row in self.sandbox.rows(resource) if row[key] == self.keys[resource]), None)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder, fresh = tmp_path_factory.mktemp("ledger"), tmp_path_factory.mktemp("fresh")
    with small_sandbox(small_store()) as sandbox:
        alive = {resource: [row for row in sandbox.rows(resource) if not row.get("archived")] for resource in MADE}
        whole = Story(sandbox, {resource: like(resource, listed[0]) for resource, listed in alive.items()})
        whole.tell("made", whole.records, folder)
        whole.tell("again", whole.records, folder)
        whole.tell("without a ledger", {r: row for r, row in whole.records.items() if r.api.match}, fresh)
        later = {resource: changed(resource, whole.records[resource]) for resource in CHANGED}
        for resource, row in later.items():
            if name := another(resource, whole.records[resource], row):
                whole.by_hand[resource] = (name, "by hand")
                sandbox.edit(resource, str(whole.keys[resource]), {name: "by hand"}, quiet=True)
        whole.tell("changed", later, folder)
        gone = {DELETED: "2024-01-01T00:00:00Z"}
        whole.tell("gone", {resource: row | gone for resource, row in reversed(whole.records.items())}, folder)
        yield whole


@pytest.mark.parametrize("resource", MADE)
def test_a_record_becomes_a_row_that_has_its_values(story: Story, resource: type[Resource]) -> None:
    ended, row = story.ended("made", resource), story.there["made"][resource]
    assert (ended["operation"], ended["reason"]) == ("created", None)
    assert row is not None
    record = story.records[resource]
    given = plain({name: value for name, value in record.items() if name not in ("ref", "Contact")})
    assert {name: value for name, value in plain(row).items() if name in given} == given
    assert set(ended["changed"]) == record.keys() - {"ref"}


def test_the_same_records_cost_nothing_again(story: Story) -> None:
    assert set(story.runs["again"].operations) == {"unchanged"}
    assert story.runs["again"].drips == 1


@pytest.mark.parametrize("resource", [resource for resource in MADE if resource.api.match])
def test_a_row_is_found_again_without_a_ledger(story: Story, resource: type[Resource]) -> None:
    ended = story.ended("without a ledger", resource)
    assert (ended["operation"], int(ended["lightspeed_id"])) == ("unchanged", story.keys[resource])


@pytest.mark.parametrize("resource", CHANGED)
def test_only_what_changed_is_sent(story: Story, resource: type[Resource]) -> None:
    before, after = story.records[resource], changed(resource, story.records[resource])
    (name,) = [name for name in after if after[name] != before[name]]
    ended, row = story.ended("changed", resource), story.there["changed"][resource]
    assert (ended["operation"], ended["changed"]) == ("updated", [name])
    assert row is not None
    assert row[name] == after[name]
    if resource in story.by_hand:
        other, value = story.by_hand[resource]
        assert row[other] == value


def test_most_rows_have_something_that_must_stay(story: Story) -> None:
    assert len(story.by_hand) >= 5


@pytest.mark.parametrize("resource", MADE)
def test_a_record_that_is_gone_at_its_source_ends_its_row_where_the_api_does_that(
    story: Story, resource: type[Resource]
) -> None:
    ended, row = story.ended("gone", resource), story.there["gone"][resource]
    if resource.api.delete is None:
        assert (ended["operation"], row is not None) == ("rejected", True)
        assert "does not let rows of" in ended["reason"]
    else:
        assert ended["operation"] == "archived"
        assert row is None if resource.api.delete == "delete" else row is not None and row["archived"]


def test_no_run_wrote_more_than_it_says(story: Story) -> None:
    """One request that writes for each record that was written, and two where a row takes more than one."""
    for name, done in story.runs.items():
        told = [each for each in done.outcomes if each["operation"] in ("created", "updated", "archived")]
        assert len(done.writes) <= len(told) + 1, name
