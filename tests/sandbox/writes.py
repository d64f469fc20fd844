"""Calls that write to a sandbox, and values to write."""

from __future__ import annotations

from typing import Any

import requests

from lightspeed_retail.resources import Field, FieldType, Resource
from lightspeed_sandbox.references import target_of
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import Api, Row

MOMENT = "2024-01-03T03:04:05+00:00"
_VALUES: dict[FieldType, Any] = {
    FieldType.NUMBER: "0.25",
    FieldType.MONEY: "12.34",
    FieldType.BOOLEAN: True,
    FieldType.DATETIME: "2024-01-02T03:04:05+00:00",
    FieldType.DATE: "1990-06-15",
}
# Only rows that are still open take others on.
_OPEN = {"Order": '"complete" IS NOT 1'}
# Values that are not just any text, number or flag.
SPECIAL: dict[str, Any] = {
    "itemType": "box",
    "upc": "012345678905",
    "ean": "4006381333931",
    "code": "CARD-0001",
    "archived": False,
    "completed": False,
    "discountPercent": "0",
    "unitQuantity": 3,
    "completeTime": None,
    "parentSaleLineID": 0,
    "saleID": None,
    "isLayaway": True,
    "isSpecialOrder": False,
    "requireFullReservation": False,
    "parentID": 0,
    "type": "string",
    "catalogVendorID": 4,
    "catalogIndustryID": 4,
    "tax": True,
}


def write(api: Api, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
    """Send a body to a path of the account."""
    address = path if path.startswith("http") else api.address(path)
    headers = {"Authorization": f"Bearer {api.token}"}
    return api.session.request(method, address, json=body, params=params, headers=headers, timeout=30)


def written(api: Api, method: str, path: str, body: Any = None, **params: Any) -> Row:
    """The record in the answer to a request that writes."""
    answer = write(api, method, path, body, **params)
    assert answer.status_code == 200, answer.text
    found: Row = answer.json()
    assert found.pop("@attributes") == {"count": "1"}
    (row,) = found.values()
    assert isinstance(row, dict)
    return row


def refused(api: Api, method: str, path: str, body: Any = None, status: int = 400) -> str:
    """The message of a refusal in the common form."""
    answer = write(api, method, path, body)
    assert answer.status_code == status, answer.text
    error = answer.json()
    assert error.keys() >= {"httpCode", "httpMessage", "message", "errorClass"}
    assert error["httpCode"] == str(status)
    return str(error["message"])


def sample(sandbox: Sandbox, resource: type[Resource]) -> Row:
    """A value for every scalar of a resource that can be written."""
    values = {field.name: _value(sandbox, resource, field) for field in resource.writable() if field.nested is None}
    return {name: value for name, value in values.items() if value is not None}


def _value(sandbox: Sandbox, resource: type[Resource], field: Field) -> Any:
    if field.name in SPECIAL:
        return SPECIAL[field.name]
    target = target_of(resource, field.name)
    if target is not None:
        where = _OPEN.get(target.__name__, '"archived" IS NOT 1' if target.api.archived else "1")
        return sandbox.store.select(target, where, limit=1)[0][target.api.key]
    if field.type is FieldType.INTEGER:
        return 7
    return _VALUES.get(field.type, f"{field.name} 1")


def row_of(api: Api, resource: type[Resource], address: str, **params: Any) -> Row:
    """A record as it is read."""
    found = api.body(address, **params)
    row: Row = found[resource.envelope()] if resource.api.enveloped else found
    return row
