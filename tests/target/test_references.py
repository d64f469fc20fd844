"""Names in the place of numbers: what it costs to look them up."""

from __future__ import annotations

from pathlib import Path

from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from tests.retailer import WIDE
from tests.targeting import messages, run


def test_what_is_found_in_one_way_is_not_looked_for_in_others(tmp_path: Path) -> None:
    items = [{"ref": str(n), "customSku": f"SKU-{n}", "description": f"Item {n}"} for n in range(40)]
    lines = [{"itemID": f"SKU-{n}", "unitQuantity": 1} for n in range(40)]
    sale = {"ref": "1", "employeeID": 1, "registerID": 1, "shopID": 1, "taxCategoryID": 0, "SaleLines": lines}
    with Sandbox(Config(empty=True, **WIDE)) as sandbox:
        run(sandbox, messages("items", items, "ref"), tmp_path)
        done = run(sandbox, messages("sales", [sale], "ref"), tmp_path)
    assert done.operations == ["created"]
    asked = [name for request in done.requests for name in request["query"] if name.lower().endswith(("sku", "upc"))]
    assert "customSku" in asked
    assert {"upc", "ean", "manufacturerSku"}.isdisjoint(asked)
