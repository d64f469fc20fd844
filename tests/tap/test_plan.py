"""Which requests bring which streams, and what each plan costs: decided from selection and state alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import pytest

from lightspeed_retail.resources import Days, Resource
from tap_lightspeed_retail.plan import Circumstances, Mask, Phase, Phases, Reading, is_walked, make_plan, relations_of
from tap_lightspeed_retail.schema import off_by_default
from tests.declared import RESOURCES

BY_STREAM = {resource.api.stream: resource for resource in RESOURCES}


def default_mask(resource: type[Resource]) -> Mask:
    """What is selected when nobody says anything."""
    off = set(off_by_default(resource))
    return lambda path: not any(path[: len(each)] == each for each in off)


def everything_loading(_each: type[Resource], _root: type[Resource], _pass: str) -> frozenset[Phase]:
    """No stream has been read before."""
    return frozenset({Phase.LOADING})


def standing(**phases: Phase) -> Phases:
    """Streams at different points of their life; those that are not named have been loaded."""

    def of(each: type[Resource], _root: type[Resource], _pass: str) -> frozenset[Phase]:
        return frozenset({phases.get(each.api.stream, Phase.CHANGES)})

    return of


def readings(
    streams: Iterable[str], phases: Phases = everything_loading, masks: Mapping[str, Mask] | None = None
) -> list[Reading]:
    """All walks of a plan."""
    selected = {BY_STREAM[name]: (masks or {}).get(name) or default_mask(BY_STREAM[name]) for name in streams}
    return [reading for found in make_plan(Circumstances(selected, phases)).values() for reading in found]


def without(stream: str, *names: str) -> dict[str, Mask]:
    """The default selection of a stream less some properties."""
    usual = default_mask(BY_STREAM[stream])
    return {stream: lambda path: path[0] not in names and usual(path)}


@pytest.mark.parametrize(
    ("streams", "root", "relations", "price"),
    [
        (["sales"], "Sale", ["SaleNotes"], "1.2"),
        (["sales", "sale_lines"], "Sale", ["SaleNotes", "SaleLines"], "1.6"),
        (["sales", "sale_lines", "sale_payments"], "Sale", ["SaleNotes", "SaleLines", "SalePayments"], "2.0"),
        (["sale_lines", "sale_payments"], "Sale", ["SaleLines", "SalePayments"], "1.8"),
        (["sale_lines"], "Sale", ["SaleLines"], "1.4"),
        (["sale_payment_signatures"], "Sale", ["SalePayments", "SalePayments.Signatures"], "1.8"),
        (["workorders", "workorder_images"], "Workorder", ["Images"], "1.4"),
        (["workorder_lines", "workorder_items"], "Workorder", ["WorkorderLines", "WorkorderItems"], "1.8"),
        (["shipments", "shipment_items"], "Shipment", ["OrderShipmentItems"], "1.4"),
        (["register_counts", "register_count_amounts"], "RegisterCount", ["RegisterCountAmounts"], "1.4"),
        (["item_shops"], "Item", ["ItemShops"], "1.4"),
        (["customers"], "Customer", ["Contact", "Note", "Tags", "CustomFieldValues"], "2.2"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else str(value),
)
def test_a_first_load_is_one_walk_at_this_price(
    streams: list[str], root: str, relations: list[str], price: str
) -> None:
    (reading,) = readings(streams)
    assert reading.resource.__name__ == root
    assert (list(reading.relations), reading.price) == (relations, Decimal(price))
    assert set(reading.fed) == set(streams)


def test_without_notes_a_hundred_sales_with_lines_and_payments_cost_one_drip_and_eight_tenths() -> None:
    (reading,) = readings(["sales", "sale_lines", "sale_payments"], masks=without("sales", "SaleNotes"))
    assert reading.price == Decimal("1.8")


def test_a_child_selected_later_is_loaded_without_its_parent_while_changes_go_on() -> None:
    later = standing(sale_payments=Phase.LOADING)
    loading, changes = readings(["sales", "sale_lines", "sale_payments"], later)
    assert (loading.phase, loading.fed, loading.relations) == (Phase.LOADING, ("sale_payments",), ("SalePayments",))
    assert (changes.phase, changes.fed) == (Phase.CHANGES, ("sales", "sale_lines"))
    assert (loading.price, changes.price) == (Decimal("1.4"), Decimal("1.6"))


def test_a_parent_selected_later_is_loaded_without_its_children() -> None:
    loading, changes = readings(["sales", "sale_lines"], standing(sales=Phase.LOADING))
    assert (loading.fed, loading.relations) == (("sales",), ("SaleNotes",))
    assert (changes.fed, changes.relations) == (("sale_lines",), ("SaleLines",))


def test_relations_within_a_single_record_come_with_it_and_those_within_lists_do_not() -> None:
    customer_type, sale = BY_STREAM["customer_types"], BY_STREAM["sales"]
    within = "TaxCategory.TaxCategoryClasses"
    assert relations_of(customer_type, lambda _path: True) == ["Discount", "TaxCategory", within]
    assert relations_of(customer_type, lambda path: path == ("TaxCategory",)) == ["TaxCategory"]
    found = relations_of(sale, lambda _path: True)
    assert {"Customer", "Customer.Contact"} <= set(found)
    assert not any(path.startswith("SaleLines.") for path in found)


def test_a_rider_knows_in_what_its_rows_are_wrapped() -> None:
    (reading,) = readings(["sales", "sale_lines", "sale_payments"])
    assert [(rider.element, rider.key) for rider in reading.riders] == [
        ("SaleLine", "saleID"),
        ("SalePayment", "saleID"),
    ]
    assert [rider.parent_key({"saleID": 7, "x": 1}) for rider in reading.riders] == [{"saleID": 7}] * 2
    assert reading.riders[0].parent_key({"x": 1}) == {}


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_is_walked_unless_it_hangs_below_a_parent_or_has_days(resource: type[Resource]) -> None:
    below, by_day = resource.api.parent is not None, isinstance(resource.api.bookmark, Days)
    assert is_walked(resource) is (resource.api.enveloped and not below and not by_day)


def test_a_walk_feeds_its_own_stream_unless_only_what_rides_on_it_is_wanted() -> None:
    sale = BY_STREAM["sales"]
    assert Reading(sale, "sales").fed == ("sales",)
    assert Reading(sale, "sale_lines", emits_parents=False).fed == ()


def test_a_second_list_of_rows_that_the_plain_one_leaves_out_is_walked_too() -> None:
    found = readings(["credit_accounts"])
    assert [reading.extra for reading in found] == [None, ("giftCard", "true")]
    assert [(reading.pass_name, reading.is_last_pass) for reading in found] == [("", False), ("giftCard=true", True)]
    assert [(reading.pass_name, reading.is_last_pass) for reading in readings(["sales"])] == [("", True)]


def test_a_stream_that_is_narrowed_apart_from_its_parent_does_not_ride() -> None:
    selected = {BY_STREAM[name]: default_mask(BY_STREAM[name]) for name in ("sales", "sale_lines")}
    line = BY_STREAM["sale_lines"]
    plan = make_plan(Circumstances(selected, everything_loading, lambda child, _parent: child is line))
    assert {lead: [reading.fed for reading in found] for lead, found in plan.items()} == {
        "sales": [("sales",)],
        "sale_lines": [("sale_lines",)],
    }


def test_every_list_is_walked_once_when_all_streams_are_selected() -> None:
    found = readings(BY_STREAM)
    plain = [reading.resource for reading in found if reading.extra is None]
    assert len(set(plain)) == len(plain)
    fed = [name for reading in found if reading.extra is None for name in reading.fed]
    assert len(set(fed)) == len(fed)
