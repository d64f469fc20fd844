"""Names of fields: those of the API, or snake case; no two fields may become one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lightspeed_retail.resources import Part, Resource
from tap_lightspeed_retail.naming import snake_case
from tests.declared import RESOURCES, carried


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("saleID", "sale_id"),
        ("calcFIFOCost", "calc_fifo_cost"),
        ("tax1Rate", "tax1_rate"),
        ("timeStamp", "time_stamp"),
        ("timestamp", "timestamp"),
        ("b2bSellerUID", "b2b_seller_uid"),
        ("CCGateway", "cc_gateway"),
        ("ccChargeID", "cc_charge_id"),
        ("ItemUUID", "item_uuid"),
        ("systemAPIClientID", "system_api_client_id"),
        ("baseImageURL", "base_image_url"),
        ("SaleLines", "sale_lines"),
        ("attribute1Values", "attribute1_values"),
    ],
)
def test_a_name_in_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def parts_of(part: type[Part]) -> Iterator[type[Part]]:
    yield part
    for field in carried(part):
        if field.nested is not None and field.nested.part is not None and field.nested.resource is None:
            yield from parts_of(field.nested.part)


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_two_fields_become_one(resource: type[Resource]) -> None:
    for part in parts_of(resource):
        names = [snake_case(field.name) for field in carried(part)]
        assert len(set(names)) == len(names), part.__name__
