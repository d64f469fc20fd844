"""Writing, for every declaration that allows it: make, change, remove, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from lightspeed_retail.resources import FieldType, Resource, Stamp
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.sandbox.calling import Api, Row
from tests.sandbox.writes import MOMENT, refused, row_of, sample, write, written


def _name(resource: type[Resource]) -> str:
    return resource.__name__


CREATED = [resource for resource in RESOURCES if "POST" in resource.api.verbs or resource.api.below]
# Worked out when they are made, or made along with a file or with others: they have tests of their own.
OTHERWISE = {"Image", "WorkorderImage", "InventoryCountReconcile", "SaleLine", "Sale"}
PLAIN = [resource for resource in CREATED if resource.__name__ not in OTHERWISE]
CHANGED = [resource for resource in PLAIN if "PUT" in resource.api.verbs or resource.api.below]
REMOVED = [resource for resource in CHANGED if resource.api.delete is not None]
# What the API works out anew when another field changes.
FOLLOWING = {"Category": ("fullPathName", "leftNode", "rightNode"), "OrderLine": ("total",)}
READ_ONLY = [
    resource
    for resource in RESOURCES
    if resource.api.verbs == ("GET",) and not resource.api.below and resource.api.enveloped and not resource.api.parent
]


def home(sandbox: Sandbox, resource: type[Resource]) -> str:
    """The path at which rows of a resource are made."""
    path = resource.api.path if "POST" in resource.api.verbs else resource.api.below[0]
    before, brace, rest = path.partition("{")
    if not brace:
        return path
    name, _, rest = rest.partition("}")
    (parent,) = [known for known in RESOURCES if known.api.path == f"{before.rstrip('/')}.json"]
    where = "\"status\" = 'open'" if name == "transferID" else "1"
    rows = sandbox.store.select(parent, where, limit=1)
    key = rows[0][name] if rows else 1
    return f"{before}{key}{rest}"


def at(path: str, key: Any) -> str:
    """The path of one record."""
    return path.replace(".json", f"/{key}.json")


def parent_key(resource: type[Resource]) -> str:
    """The field that the path fills, whatever is sent."""
    return Resource.named(resource.api.parent).api.key if resource.api.parent else ""


def same(wire: Any, sent: Any) -> bool:
    """Whether a wire text is the value that was sent."""
    if wire == sent:
        return True
    if isinstance(sent, bool):
        return bool(wire == str(sent).lower())
    if isinstance(sent, int):
        return bool(wire == str(sent))
    try:
        return Decimal(wire) == Decimal(str(sent))
    except ArithmeticError:
        return bool(wire == str(sent))


def made(api: Api, sandbox: Sandbox, resource: type[Resource]) -> tuple[str, Row, Row]:
    """A new row: its path, what was sent, what was answered."""
    path = home(sandbox, resource)
    if resource.__name__ == "InventoryTransferItem":
        transfer = written(api, "POST", "/Inventory/Transfer.json", {"sendingShopID": 1, "receivingShopID": 2})
        path = f"/Inventory/Transfer/{transfer['transferID']}/TransferItems.json"
    sent = sample(sandbox, resource)
    for name in resource.api.unique:
        sent.pop(name, None)
    row = written(api, "POST", path, sent)
    return at(path, row[resource.api.key]), sent, row


def changed(resource: type[Resource], before: Row) -> tuple[str, Any]:
    """A field that can be changed, and another value for it: a text if there is one."""
    fields = [field for field in resource.writable() if field.name in (resource.api.updates or before)]
    kinds = {field.name: field.type for field in fields if field.name not in ("type", "itemType", "code")}
    names = [name for name in kinds if name not in resource.api.unique]
    for kind, value in ((FieldType.STRING, "changed"), (FieldType.NUMBER, "0.5"), (FieldType.DATETIME, MOMENT)):
        for name in names:
            if kinds[name] is kind and before.get(name) != value:
                return name, value
    name = next(name for name in names if kinds[name] in (FieldType.INTEGER, FieldType.BOOLEAN))
    return name, before[name] == "false" if kinds[name] is FieldType.BOOLEAN else 2


@pytest.mark.parametrize("resource", PLAIN, ids=_name)
def test_what_is_made_is_answered_and_read_as_it_was_sent(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    address, sent, row = made(api, sandbox, resource)
    read = row_of(api, resource, address)
    hidden = ("code", parent_key(resource), *(f.name for f in resource.fields() if f.type is FieldType.DATE))
    shown = {name: value for name, value in sent.items() if name in row and name not in hidden}
    assert {name: row[name] for name, value in shown.items() if not same(row[name], value)} == {}
    assert {name: read[name] for name, value in shown.items() if not same(read[name], value)} == {}
    assert len(shown) >= len(sent) - 4
    assert read.items() <= row.items()


@pytest.mark.parametrize("resource", CHANGED, ids=_name)
def test_a_change_moves_what_was_sent_and_the_stamp(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    address, _, _ = made(api, sandbox, resource)
    before = row_of(api, resource, address)
    name, value = changed(resource, before)
    sandbox.clock.advance(timedelta(seconds=5))
    after = written(api, "PUT", address, {name: value})
    stamps = {resource.api.bookmark.field} if isinstance(resource.api.bookmark, Stamp) else set()
    differing = {key for key in before if after.get(key) != before[key]}
    allowed = {name, *stamps, *FOLLOWING.get(resource.__name__, ())}
    assert same(after[name], value)
    assert differing <= allowed
    assert stamps <= differing
    assert row_of(api, resource, address).items() <= after.items()


@pytest.mark.parametrize("resource", REMOVED, ids=_name)
def test_delete_archives_or_removes_as_declared(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    address, _, row = made(api, sandbox, resource)
    answer = write(api, "DELETE", address)
    assert answer.status_code == 200, answer.text
    key = row[resource.api.key]
    if resource.api.terse:
        assert answer.json() == {"name": resource.__name__, "primaryID": key}
    else:
        assert answer.json()[resource.envelope()][resource.api.key] == key
    if resource.api.delete == "archive":
        assert row_of(api, resource, address)["archived"] == "true"
    else:
        assert api.ask(address).status_code == 404
        again, _, other = made(api, sandbox, resource)
        assert again != address
        assert int(other[resource.api.key]) > int(key), "keys are not given out twice"


@pytest.mark.parametrize("resource", READ_ONLY, ids=_name)
def test_what_can_only_be_read_refuses_to_be_written(api: Api, resource: type[Resource]) -> None:
    for method, path in (
        ("POST", resource.api.path),
        ("PUT", at(resource.api.path, 1)),
        ("DELETE", at(resource.api.path, 1)),
    ):
        assert write(api, method, path, {}).status_code in (404, 405)


@pytest.mark.parametrize("resource", [resource for resource in PLAIN if resource.api.required], ids=_name)
def test_what_is_required_cannot_be_left_out(api: Api, sandbox: Sandbox, resource: type[Resource]) -> None:
    path = home(sandbox, resource)
    for name in resource.api.required:
        body = sample(sandbox, resource) | {name: ""}
        message = refused(api, "POST", path, body)
        assert name in message
        body.pop(name)
        if "{" not in resource.api.path:
            assert name in refused(api, "POST", path, body)


def test_recorded_refusals_are_answered_word_for_word(api: Api) -> None:
    item = written(api, "POST", "/Item.json", {"description": "Onesie"})
    category = written(api, "POST", "/Category.json", {"name": "Category One"})
    assert refused(api, "POST", "/Category.json", {"name": ""}) == "name cannot be blank."
    assert refused(api, "PUT", f"/Category/{category['categoryID']}.json", {"name": ""}) == "name cannot be blank."
    no_item = "Item not created. An Item must have a description."
    assert refused(api, "POST", "/Item.json", {"description": ""}) == no_item
    updated = "Item not updated. An Item must have a description."
    assert refused(api, "PUT", f"/Item/{item['itemID']}.json", {"description": ""}) == updated


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/Customer.json", {"customerTypeID": "many"}, 400),
        ("/Customer.json", {"customerTypeID": 999}, 400),
        ("/Customer.json", {"Contact": "somebody"}, 400),
        ("/Item.json", {"description": "x", "tax": "perhaps"}, 400),
        ("/Item.json", {"description": "x", "defaultCost": "cheap"}, 400),
        ("/Item.json", {"description": "x", "itemType": "thing"}, 400),
        ("/Item.json", {"description": "x", "upc": "123"}, 400),
        ("/Item.json", {"description": "x", "ItemVendorNums": {"ItemVendorNum": {"vendorID": 999, "value": "1"}}}, 400),
        ("/EmployeeHours.json", {"employeeID": 1, "checkIn": "yesterday"}, 400),
        ("/CreditAccount.json", {"name": "Gift Card", "code": "short"}, 400),
    ],
)
def test_what_does_not_fit_is_refused(api: Api, sandbox: Sandbox, path: str, body: Row, status: int) -> None:
    before = sandbox.state()["rows"]
    refused(api, "POST", path, body, status)
    assert sandbox.state()["rows"] == before


def test_a_body_must_be_a_json_object(api: Api, sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    for content in ("[1]", "no json", "<Customer/>"):
        answer = requests.post(api.address("/Customer.json"), data=content, headers=headers, timeout=30)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/html")


def test_unknown_fields_and_those_of_the_api_go_unheeded(api: Api) -> None:
    row = written(
        api,
        "POST",
        "/Customer.json",
        {"firstName": "Ada", "name": "Guest", "customerID": 5, "createTime": "2001-01-01T00:00:00Z"},
    )
    assert row["customerID"] != "5"
    assert not row["createTime"].startswith("2001")
    assert "name" not in row


def test_the_same_post_twice_makes_two_rows(api: Api) -> None:
    body = {"firstName": "Twice", "Contact": {"custom": "EXT-TWICE"}}
    first, second = (written(api, "POST", "/Customer.json", body) for _ in range(2))
    assert first["customerID"] != second["customerID"]


def test_an_unknown_row_is_not_found(api: Api) -> None:
    assert refused(api, "PUT", "/Customer/987654.json", {"firstName": "x"}, 404).endswith("'987654'.")
    refused(api, "DELETE", "/Customer/987654.json", status=404)
    refused(api, "POST", "/Workorder/987654/WorkorderLine.json", {}, 404)
    refused(api, "POST", "/Sale/987654/refund.json", {"SalePayments": {"SalePayment": {"paymentTypeID": 1}}}, 404)


def test_methods_belong_to_lists_or_to_records(api: Api) -> None:
    for method, path in (
        ("PUT", "/Customer.json"),
        ("DELETE", "/Customer.json"),
        ("POST", "/Customer/1.json"),
        ("PATCH", "/Customer/1.json"),
        ("GET", "/Sale/1/refund.json"),
    ):
        refused(api, method, path, {}, 405)


def test_numbers_and_flags_may_be_texts(api: Api) -> None:
    row = written(
        api, "POST", "/Item.json", {"description": "Text", "defaultCost": "2.50", "tax": "false", "modelYear": "2024"}
    )
    other = written(
        api, "POST", "/Item.json", {"description": "Text", "defaultCost": 2.5, "tax": False, "modelYear": 2024}
    )
    for name in ("defaultCost", "tax", "modelYear"):
        assert row[name] == other[name]
    assert (row["defaultCost"], row["tax"], row["modelYear"]) == ("2.5", "false", "2024")


@pytest.mark.parametrize("blank", ["", None])
def test_an_empty_value_blanks_a_field(api: Api, blank: str | None) -> None:
    row = written(
        api, "POST", "/Customer.json", {"firstName": "Ada", "title": "Dr", "dob": "1990-06-15", "customerTypeID": 1}
    )
    changed = written(
        api, "PUT", f"/Customer/{row['customerID']}.json", {"title": blank, "dob": blank, "customerTypeID": blank}
    )
    assert (changed["title"], changed["customerTypeID"], changed["firstName"]) == ("", "0", "Ada")
    assert row["dob"] == "1990-06-15T07:00:00+00:00"
    assert "dob" not in changed


def test_a_day_is_midnight_in_the_shop(api: Api) -> None:
    row = written(api, "POST", "/Order.json", {"vendorID": 1, "shopID": 1, "orderedDate": "2021-04-04"})
    assert row["orderedDate"] == "2021-04-04T07:00:00+00:00"


def test_scopes_for_reading_do_not_allow_writing(sandbox: Sandbox) -> None:
    reader, writer = (Api.of(sandbox, scope) for scope in ("employee:customers_read", "employee:customers"))
    assert reader.ask("/Customer.json").status_code == 200
    refused(reader, "POST", "/Customer.json", {"firstName": "x"}, 403)
    refused(writer, "POST", "/Item.json", {"description": "x"}, 403)
    row = written(writer, "POST", "/Customer.json", {"firstName": "x"})
    refused(reader, "DELETE", f"/Customer/{row['customerID']}.json", status=403)
