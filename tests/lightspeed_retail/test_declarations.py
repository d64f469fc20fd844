"""The declarations hold together, whatever is added to them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightspeed_retail.query import relation_field
from lightspeed_retail.resources import Days, Endpoint, Field, FieldType, Part, Resource, Snapshot, Stamp
from tests.declared import RESOURCES

NESTED = [(resource, field) for resource in RESOURCES for field in resource.fields() if field.nested is not None]


@pytest.mark.parametrize(("resource", "field"), NESTED)
def test_every_nested_record_names_a_declaration(resource: type[Resource], field: Field) -> None:
    assert field.nested is not None
    part = field.nested.part
    assert part is None or part.fields(), f"{resource.__name__}.{field.name}"
    assert part is not None or field.nested.many, "only lists hold plain texts"


@pytest.mark.parametrize(("resource", "field"), NESTED)
def test_every_child_relation_is_one_of_the_target(resource: type[Resource], field: Field) -> None:
    assert field.nested is not None
    found = [relation_field(resource, f"{field.name}.{child}").name for child in field.nested.children]
    assert found == list(field.nested.children)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_part_of_the_key_is_a_scalar_of_the_record(resource: type[Resource]) -> None:
    assert [name for name in resource.api.keys if resource.field(name).nested is not None] == []
    assert len(set(resource.api.keys)) == len(resource.api.keys)


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_key_is_a_whole_number_wherever_a_run_goes_on_after_it(resource: type[Resource]) -> None:
    """Only reports are told apart by their days, and short lists that are always read whole by a text."""
    is_report = isinstance(resource.api.bookmark, Days)
    is_short = resource.api.bookmark == Snapshot() and resource.api.vanishing is None
    allowed = [FieldType.DATE] if is_report else [FieldType.INTEGER, *([FieldType.STRING] if is_short else [])]
    assert resource.field(resource.api.key).type in allowed
    assert bool(resource.api.dimensions) == is_report


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_sortable_field_is_in_the_record(resource: type[Resource]) -> None:
    names = {field.name.casefold() for field in resource.fields()}
    assert {name for name in resource.api.sortable if name.casefold() not in names} == set()


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_name_of_the_change_stamp_is_in_the_record(resource: type[Resource]) -> None:
    bookmark = resource.api.bookmark
    names = {field.name.casefold() for field in resource.fields()}
    candidates = (bookmark.field, *bookmark.candidates) if isinstance(bookmark, Stamp) else ()
    assert {name for name in candidates if name.casefold() not in names} == set()


@pytest.mark.parametrize("resource", RESOURCES)
def test_archived_rows_are_declared_where_the_record_says_whether_it_is_archived(resource: type[Resource]) -> None:
    assert resource.api.archived == ("archived" in {field.name for field in resource.fields()})


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_resource_says_what_it_is_and_where_it_is_documented(resource: type[Resource]) -> None:
    assert re.fullmatch(r"[A-Z].*\.", resource.summary())
    assert resource.api.docs.startswith("https://developers.lightspeedhq.com/retail/endpoints/")


@pytest.mark.parametrize("attribute", ["stream", "path"])
def test_no_two_resources_share_a_stream_or_a_path(attribute: str) -> None:
    values = [getattr(resource.api, attribute) for resource in RESOURCES]
    assert sorted(values) == sorted(set(values))


def test_rows_ride_on_one_parent_only_and_carry_its_key() -> None:
    riding = [(parent, field.nested.resource) for parent in RESOURCES for field in parent.riders() if field.nested]
    children = [child for _, child in riding]
    assert len(children) == len(set(children))
    assert all(child is not None and child.field(parent.api.key) for parent, child in riding)


def test_an_unknown_relation_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        relation_field(RESOURCES[0], "Nothing")
    with pytest.raises(KeyError):
        relation_field(Resource.named("Sale"), "Customer.Nothing")


def test_fields_keep_their_order_and_parts_are_no_resources() -> None:
    class Two(Part):
        b: int
        a: str

    assert [field.name for field in Two.fields()] == ["b", "a"]
    assert "Two" not in {resource.__name__ for resource in Resource.all()}
    assert isinstance(Resource.named("Sale").api, Endpoint)


def test_every_resource_of_the_reference_is_declared_under_its_fixed_name() -> None:
    folder = os.environ.get("LIGHTSPEED_REFERENCE")
    if not folder:
        pytest.skip("LIGHTSPEED_REFERENCE names no folder with the reference's streams.md")
    fixed = dict(_table(Path(folder, "streams.md")))
    assert {resource.__name__: resource.api.stream for resource in RESOURCES} == fixed


def _table(page: Path) -> Iterator[tuple[str, str]]:
    for line in page.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\| (\w+) \| `(\w+)` \|", line)
        if found:
            yield found[1], found[2]


_ADDING = '''
from lightspeed_retail.resources import Endpoint, Resource
from lightspeed_retail.resources.declaration import to_one

class Gadget(Resource):
    """A thing that no version of this package knows."""
    api = Endpoint(stream="gadgets", path="/Gadget.json", key="gadgetID", docs="", sortable=("gadgetID",))
    gadgetID: int
    name: str
    TaxCategory = to_one("TaxCategory")

'''
_SEEN = (
    _ADDING
    + """
import json
from tap_lightspeed_retail.tap import TapLightspeedRetail
from lightspeed_retail.query import Query
tap = TapLightspeedRetail(config={"access_token": "t"}, parse_env_config=False)
entry = next(each for each in tap.catalog_dict["streams"] if each["stream"] == "gadgets")
print(json.dumps({
    "keys": entry["key_properties"],
    "properties": sorted(entry["schema"]["properties"]),
    "price": str(Query(Gadget, relations=("TaxCategory",)).price),
}))
"""
)


def test_adding_a_resource_is_adding_one_declaration() -> None:
    """A process of its own keeps the register of the other tests clean."""
    seen = subprocess.run([sys.executable, "-c", _SEEN], capture_output=True, text=True, check=True)
    assert seen.stdout.splitlines()[-1] == (
        '{"keys": ["accountID", "gadgetID"], '
        '"properties": ["TaxCategory", "accountID", "gadgetID", "name"], "price": "1.2"}'
    )
