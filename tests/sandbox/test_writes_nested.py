"""What is written along with a record: contacts, notes, prices, stock, pictures, lines of orders and workorders."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import nested_rows
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import Api, Row
from tests.sandbox.writes import refused, row_of, write, written

Customer, Item, ItemShop = (Resource.named(name) for name in ("Customer", "Item", "ItemShop"))


def contact(**parts: Any) -> Row:
    """The body of a customer with a contact."""
    return {"Contact": parts}


def phones(row: Row) -> dict[str, str]:
    """The phone numbers of a customer, by their use."""
    found = nested_rows(row["Contact"]["Phones"], "ContactPhone")
    return {phone["useType"]: phone["number"] for phone in found}


def test_a_new_contact_is_opted_out_unless_it_says_otherwise(api: Api) -> None:
    row = written(api, "POST", "/Customer.json", {"firstName": "Ada"})
    assert {row["Contact"][name] for name in ("noEmail", "noPhone", "noMail")} == {"true"}
    row = written(api, "POST", "/Customer.json", contact(noEmail="false"))
    assert (row["Contact"]["noEmail"], row["Contact"]["noMail"]) == ("false", "true")
    assert row["Contact"]["contactID"] == row["contactID"]


def test_numbers_and_addresses_are_replaced_by_their_use(api: Api) -> None:
    two = {"ContactPhone": [{"number": "1", "useType": "Mobile"}, {"number": "2", "useType": "Home"}]}
    mail = {"ContactEmail": {"address": "ada@example.com", "useType": "Primary"}}
    home = {"ContactAddress": {"address1": "1 Example Street", "city": "Exampleville"}}
    web = {"ContactWebsite": {"url": "https://example.com/"}}
    row = written(api, "POST", "/Customer.json", contact(Phones=two, Emails=mail, Addresses=home, Websites=web))
    address = f"/Customer/{row['customerID']}.json"
    other = {"ContactPhone": {"number": "3", "useType": "Home"}}
    row = written(api, "PUT", address, contact(Phones=other, Addresses={"ContactAddress": {"city": "Elsewhere"}}))
    assert phones(row) == {"Mobile": "1", "Home": "3"}
    place = row["Contact"]["Addresses"]["ContactAddress"]
    assert (place["address1"], place["city"]) == ("1 Example Street", "Elsewhere")
    assert row["Contact"]["Emails"]["ContactEmail"]["address"] == "ada@example.com"
    assert written(api, "PUT", address, contact(Phones=""))["Contact"]["Phones"] == ""


def test_tags_are_replaced_as_a_whole_and_made_when_new(api: Api, sandbox: Sandbox) -> None:
    row = written(api, "POST", "/Customer.json", {"Tags": {"tag": ["vip", "brand new"]}}, load_relations='["Tags"]')
    assert row["Tags"] == {"@attributes": {"count": "2"}, "tag": ["vip", "brand new"]}
    assert "brand new" in {tag["name"] for tag in sandbox.rows(Resource.named("Tag"))}
    address = f"/Customer/{row['customerID']}.json"
    assert written(api, "PUT", address, {"Tags": {"tag": "vip"}}, load_relations='["Tags"]')["Tags"]["tag"] == "vip"
    assert written(api, "PUT", address, {"Tags": ""}, load_relations='["Tags"]')["Tags"] == ""


def test_a_note_is_changed_in_place(api: Api) -> None:
    asked = {"load_relations": '["Note"]'}
    row = written(api, "POST", "/Customer.json", {"Note": {"note": "one", "isPublic": True}}, **asked)
    again = written(api, "PUT", f"/Customer/{row['customerID']}.json", {"Note": {"note": "two"}}, **asked)
    assert (again["Note"]["note"], again["Note"]["isPublic"]) == ("two", "true")
    assert again["Note"]["noteID"] == row["Note"]["noteID"] == row["noteID"]


def test_values_of_custom_fields_take_name_and_type_and_go_when_deleted(api: Api, sandbox: Sandbox) -> None:
    field = sandbox.rows(Resource.named("CustomerCustomField"))[0]
    number, asked = field["customFieldID"], {"load_relations": '["CustomFieldValues"]'}

    def values(value: Row) -> Row:
        return {"CustomFieldValues": {"CustomFieldValue": [value]}}

    row = written(api, "POST", "/Customer.json", values({"customFieldID": number, "value": "41"}), **asked)
    value = row["CustomFieldValues"]["CustomFieldValue"]
    assert (value["name"], value["type"], value["value"]) == (field["name"], field["type"], "41")
    address = f"/Customer/{row['customerID']}.json"
    row = written(api, "PUT", address, values({"customFieldID": number, "value": "42"}), **asked)
    assert row["CustomFieldValues"]["CustomFieldValue"] == {**value, "value": "42"}
    gone = {"customFieldValueID": value["customFieldValueID"], "deleted": True}
    assert "CustomFieldValues" not in written(api, "PUT", address, values(gone), **asked)
    refused(api, "POST", "/Customer.json", values({"customFieldID": 999, "value": "1"}))


def test_a_credit_account_comes_and_goes_with_its_customer(api: Api) -> None:
    row = written(api, "POST", "/Customer.json", {"firstName": "A", "CreditAccount": {"name": "A", "creditLimit": 100}})
    account = f"/CreditAccount/{row['creditAccountID']}.json"
    address = f"/Customer/{row['customerID']}.json"
    kind = Resource.named("CreditAccount")
    assert row_of(api, kind, account)["customerID"] == row["customerID"]
    written(api, "PUT", address, {"CreditAccount": {"creditLimit": 50}})
    assert row_of(api, kind, account)["creditLimit"] == "50"
    written(api, "DELETE", address)
    assert row_of(api, kind, account)["archived"] == "true"
    assert written(api, "PUT", address, {"archived": "false"})["archived"] == "false"


def test_an_anonymized_customer_is_archived_without_a_name(api: Api) -> None:
    mail = {"ContactEmail": {"address": "ada@example.com", "useType": "Primary"}}
    row = written(api, "POST", "/Customer.json", {"firstName": "Ada", "dob": "1990-06-15", **contact(Emails=mail)})
    key = row["customerID"]
    gone = written(api, "DELETE", f"/Customer/{key}/Anonymize.json")
    assert (gone["firstName"], gone["lastName"], gone["archived"]) == ("Customer", f"[{key}]", "true")
    assert "dob" not in gone
    assert gone["Contact"]["Emails"] == ""


def stock(sandbox: Sandbox, item: str) -> dict[int, Row]:
    """The stock of an item by shop."""
    return {row["shopID"]: row for row in sandbox.store.select(ItemShop, '"itemID" = ?', (item,))}


def test_a_new_item_has_defaults_prices_and_stock_in_every_shop(api: Api, sandbox: Sandbox) -> None:
    row = written(api, "POST", "/Item.json", {"description": "Onesie"})
    kept = ("tax", "discountable", "archived", "itemType", "taxClassID", "categoryID", "customSku")
    assert [row[name] for name in kept] == ["true", "true", "false", "default", "1", "0", ""]
    assert row["systemSku"] == str(210_000_000_000 + int(row["itemID"]))
    shops = nested_rows(row["ItemShops"], "ItemShop")
    assert {shop["shopID"] for shop in shops} == {
        "0",
        *(str(shop["shopID"]) for shop in sandbox.rows(Resource.named("Shop"))),
    }
    assert {shop["qoh"] for shop in shops} == {"0"}
    prices = nested_rows(row["Prices"], "ItemPrice")
    assert {"Default", "MSRP"} <= {price["useType"] for price in prices}
    assert {price["amount"] for price in prices} == {"0"}


def test_prices_and_vendor_numbers_are_changed_one_by_one(api: Api) -> None:
    asked = {"load_relations": '["ItemVendorNums"]'}
    prices = {"ItemPrice": [{"useTypeID": 1, "amount": "19.99"}, {"useType": "MSRP", "amount": 24.99}]}
    numbers = {"ItemVendorNum": [{"vendorID": 1, "value": "V-1"}]}
    row = written(
        api, "POST", "/Item.json", {"description": "Tee", "Prices": prices, "ItemVendorNums": numbers}, **asked
    )
    amounts = {price["useType"]: price["amount"] for price in nested_rows(row["Prices"], "ItemPrice")}
    assert (amounts["Default"], amounts["MSRP"]) == ("19.99", "24.99")
    address, number = f"/Item/{row['itemID']}.json", row["ItemVendorNums"]["ItemVendorNum"]
    changes = [{"itemVendorNumID": number["itemVendorNumID"], "value": "V-2"}, {"vendorID": 2, "value": "W-1"}]
    body = {"Prices": {"ItemPrice": {"useTypeID": 1, "amount": 18}}, "ItemVendorNums": {"ItemVendorNum": changes}}
    row = written(api, "PUT", address, body, **asked)
    found = {each["vendorID"]: each["value"] for each in nested_rows(row["ItemVendorNums"], "ItemVendorNum")}
    assert found == {"1": "V-2", "2": "W-1"}
    amounts = {price["useType"]: price["amount"] for price in nested_rows(row["Prices"], "ItemPrice")}
    assert (amounts["Default"], amounts["MSRP"]) == ("18", "24.99")
    unknown = {"ItemVendorNums": {"ItemVendorNum": {"itemVendorNumID": 999_999, "value": "x"}}}
    refused(api, "PUT", address, unknown)


def test_stock_is_set_by_shop_and_logged_and_the_item_keeps_its_stamp(api: Api, sandbox: Sandbox) -> None:
    row = written(api, "POST", "/Item.json", {"description": "Tee", "defaultCost": 3})
    address = f"/Item/{row['itemID']}.json"
    shelves = [
        {"shopID": 1, "qoh": 5, "reorderPoint": 2},
        {"itemShopID": stock(sandbox, row["itemID"])[2]["itemShopID"], "qoh": 4},
    ]
    after = written(api, "PUT", address, {"ItemShops": {"ItemShop": shelves}})
    found = stock(sandbox, row["itemID"])
    assert {shop: each["qoh"] for shop, each in found.items()} == {0: 9, 1: 5, 2: 4, 3: 0}
    assert (found[1]["reorderPoint"], found[1]["sellable"]) == (2, 5)
    assert after["timeStamp"] == row["timeStamp"]
    logs = sandbox.rows(Resource.named("InventoryLog"))[-2:]
    assert [(log["qohChange"], log["reason"]) for log in logs] == [
        (5, "ManualQuantityAdjustment"),
        (4, "ManualQuantityAdjustment"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [{"shopID": 1, "qoh": -1}],
        [{"shopID": 1, "qoh": 1}, {"shopID": 1, "qoh": 2}],
        [{"shopID": 99, "qoh": 1}],
        [{"shopID": 0, "qoh": 1}],
    ],
)
def test_stock_that_cannot_be_is_refused_with_all_that_came_along(api: Api, sandbox: Sandbox, rows: list[Row]) -> None:
    row = written(api, "POST", "/Item.json", {"description": "Tee"})
    address = f"/Item/{row['itemID']}.json"
    refused(api, "PUT", address, {"description": "Other", "ItemShops": {"ItemShop": rows}})
    assert row_of(api, Item, address)["description"] == "Tee"
    assert {each["qoh"] for each in stock(sandbox, row["itemID"]).values()} == {0}


def test_an_item_shop_alone_changes_its_reorder_points_only(api: Api, sandbox: Sandbox) -> None:
    row = written(api, "POST", "/Item.json", {"description": "Tee"})
    key = stock(sandbox, row["itemID"])[1]["itemShopID"]
    after = written(api, "PUT", f"/ItemShop/{key}.json", {"reorderPoint": 2, "reorderLevel": "5", "qoh": 9})
    assert (after["reorderPoint"], after["reorderLevel"], after["qoh"]) == ("2", "5", "0")


def test_an_archived_item_has_no_stock_and_comes_back_by_put(api: Api, sandbox: Sandbox) -> None:
    row = written(api, "POST", "/Item.json", {"description": "Tee", "ItemShops": {"ItemShop": {"shopID": 1, "qoh": 5}}})
    address = f"/Item/{row['itemID']}.json"
    assert written(api, "PUT", address, {"archived": "true"})["archived"] == "false"
    gone = written(api, "DELETE", address)
    assert gone["archived"] == "true"
    assert "ItemShops" not in gone
    assert {each["qoh"] for each in stock(sandbox, row["itemID"]).values()} == {0}
    assert written(api, "PUT", address, {"archived": "false"})["archived"] == "false"


def test_a_code_that_another_item_has_is_refused(api: Api) -> None:
    code = {"upc": "100000000017"}
    row = written(api, "POST", "/Item.json", {"description": "Tee", **code})
    assert "already exists" in refused(api, "POST", "/Item.json", {"description": "Other", **code}, 422)
    other = written(api, "POST", "/Item.json", {"description": "Other"})
    assert "already exists" in refused(api, "PUT", f"/Item/{other['itemID']}.json", code, 422)
    written(api, "PUT", f"/Item/{row['itemID']}.json", code)


def test_single_records_of_others_stand_for_their_keys_or_are_made(api: Api) -> None:
    body = {"description": "Tee", "Category": {"categoryID": 1}, "Manufacturer": {"name": "Made Up Ltd."}}
    row = written(api, "POST", "/Item.json", body, load_relations='["Manufacturer"]')
    assert row["categoryID"] == "1"
    assert row["Manufacturer"]["name"] == "Made Up Ltd."


def test_the_tree_of_categories_is_numbered_anew(api: Api, sandbox: Sandbox) -> None:
    root = written(api, "POST", "/Category.json", {"name": "Aaa"})
    assert (root["leftNode"], root["rightNode"], root["nodeDepth"], root["fullPathName"]) == ("1", "2", "0", "Aaa")
    child = written(api, "POST", "/Category.json", {"name": "Inner", "parentID": root["categoryID"]})
    assert (child["fullPathName"], child["nodeDepth"], child["leftNode"]) == ("Aaa/Inner", "1", "2")
    stamps = [row["timeStamp"] for row in sandbox.rows(Resource.named("Category"))]
    assert max(stamps.count(stamp) for stamp in stamps) > 100, "many rows move at once"
    written(api, "PUT", f"/Category/{root['categoryID']}.json", {"name": "Aab"})
    assert (
        row_of(api, Resource.named("Category"), f"/Category/{child['categoryID']}.json")["fullPathName"] == "Aab/Inner"
    )
    refused(api, "PUT", f"/Category/{root['categoryID']}.json", {"parentID": child["categoryID"]})
    item = written(api, "POST", "/Item.json", {"description": "x", "categoryID": root["categoryID"]})
    written(api, "DELETE", f"/Category/{root['categoryID']}.json")
    up = row_of(api, Resource.named("Category"), f"/Category/{child['categoryID']}.json")
    assert (up["parentID"], up["fullPathName"]) == ("0", "Inner")
    assert row_of(api, Item, f"/Item/{item['itemID']}.json")["categoryID"] == "0"


def upload(
    api: Api, path: str, data: str = '{"description": "Front", "ordering": 1}', **files: Any
) -> requests.Response:
    """Send a picture."""
    headers = {"Authorization": f"Bearer {api.token}"}
    return requests.post(api.address(path), data={"data": data}, files=files, headers=headers, timeout=30)


def test_pictures_come_as_files(api: Api) -> None:
    item = written(api, "POST", "/Item.json", {"description": "Tee"})
    file = ("red racer.jpg", b"\xff\xd8 picture", "image/jpeg")
    image = upload(api, f"/Item/{item['itemID']}/Image.json", image=file).json()["Image"]
    assert (image["itemID"], image["description"], image["ordering"]) == (item["itemID"], "Front", "1")
    assert (image["originalFilename"], image["filename"], image["size"]) == ("red racer.jpg", "Front.jpg", "10")
    other = upload(api, "/Image.json", f'{{"itemID": {item["itemID"]}}}', image=file).json()["Image"]
    assert other["publicID"] != image["publicID"]
    listed = api.body(f"/Item/{item['itemID']}/Image.json")["Image"]
    assert [row["imageID"] for row in listed] == [image["imageID"], other["imageID"]]
    changed = written(api, "PUT", f"/Image/{image['imageID']}.json", {"description": "Back"})
    assert (changed["description"], changed["publicID"]) == ("Back", image["publicID"])
    written(api, "DELETE", f"/Item/{item['itemID']}/Image/{image['imageID']}.json")
    assert api.ask(f"/Image/{image['imageID']}.json").status_code == 404
    refused(api, "POST", f"/Item/{item['itemID']}/Image.json", {"description": "no file"})
    refused(api, "POST", "/Image.json", {})
    assert upload(api, "/Item/99999/Image.json", image=file).status_code == 404


def test_a_picture_of_a_workorder_is_gone_by_its_name(api: Api) -> None:
    workorder = written(api, "POST", "/Workorder.json", {"customerID": 1, "employeeID": 1, "shopID": 1})
    path = f"/Workorder/{workorder['workorderID']}/WorkorderImage.json"
    image = upload(api, path, image=("bike.png", b"png", "image/png")).json()["WorkorderImage"]
    answer = write(api, "DELETE", path.replace(".json", f"/{image['workorderImageID']}.json"))
    assert answer.json() == {"name": "WorkorderImage", "primaryID": image["workorderImageID"]}


def test_an_order_adds_its_lines_up(api: Api, sandbox: Sandbox) -> None:
    item = written(api, "POST", "/Item.json", {"description": "Tee", "defaultCost": 3})
    order = written(api, "POST", "/Order.json", {"vendorID": 1, "shopID": 1, "shipCost": 10, "refNum": "PO-1"})
    line = {"orderID": order["orderID"], "itemID": item["itemID"], "quantity": 4}
    first = written(api, "POST", "/OrderLine.json", line | {"price": "20", "originalPrice": "20"})
    second = written(api, "POST", "/OrderLine.json", line)
    assert (first["total"], second["total"], second["price"]) == ("80", "12", "3")
    address = f"/Order/{order['orderID']}.json"
    kind = Resource.named("Order")
    after = row_of(api, kind, address)
    assert (after["totalQuantity"], after["subTotalCost"], after["totalCost"]) == ("8", "92", "102")
    assert stock(sandbox, item["itemID"])[1]["backorder"] == 8
    assert write(api, "DELETE", f"/OrderLine/{first['orderLineID']}.json").status_code == 200
    assert row_of(api, kind, address)["totalCost"] == "22"
    body = {"vendorID": 1, "shopID": 1, "OrderLines": {"OrderLine": [{"itemID": item["itemID"], "quantity": 2}]}}
    whole = written(api, "POST", "/Order.json", body, load_relations='["OrderLines"]')
    assert (whole["OrderLines"]["OrderLine"]["quantity"], whole["totalCost"]) == ("2", "6")
    changed = {
        "OrderLines": {"OrderLine": {"orderLineID": whole["OrderLines"]["OrderLine"]["orderLineID"], "quantity": 5}}
    }
    assert written(api, "PUT", f"/Order/{whole['orderID']}.json", changed)["totalCost"] == "15"


def test_a_workorder_takes_lines_and_becomes_a_sale(api: Api, sandbox: Sandbox) -> None:
    item = written(
        api, "POST", "/Item.json", {"description": "Tube", "Prices": {"ItemPrice": {"useTypeID": 1, "amount": 8}}}
    )
    body = {
        "customerID": 1,
        "employeeID": 1,
        "shopID": 1,
        "note": "Squeaks",
        "WorkorderItems": {"WorkorderItem": {"itemID": item["itemID"], "unitQuantity": 2}},
        "WorkorderLines": {"WorkorderLine": [{"note": "Labour", "unitPriceOverride": 30}]},
    }
    workorder = written(api, "POST", "/Workorder.json", body)
    key = workorder["workorderID"]
    assert (workorder["systemSku"], workorder["workorderStatusID"]) == (str(250_000_000_000 + int(key)), "1")
    assert stock(sandbox, item["itemID"])[1]["onWorkorder"] == 2
    more = written(api, "POST", f"/Workorder/{key}/WorkorderItem.json", {"itemID": item["itemID"]})
    assert (more["unitPrice"], more["workorderID"]) == ("8", key)
    answer = write(api, "DELETE", f"/Workorder/{key}/WorkorderItem/{more['workorderItemID']}.json")
    assert answer.json() == {"name": "WorkorderItem", "primaryID": more["workorderItemID"]}
    refused(api, "POST", "/WorkorderItem.json", {"workorderID": key}, 405)
    checkout = write(api, "POST", f"/Workorder/{key}/Checkout.json", {}).json()["Checkout"]
    sale = api.body(f"/Sale/{checkout['saleID']}.json", load_relations='["SaleLines"]')["Sale"]
    assert (sale["calcSubtotal"], sale["completed"], sale["customerID"]) == ("46", "false", "1")
    assert {line["isWorkorder"] for line in sale["SaleLines"]["SaleLine"]} == {"true"}
    refused(api, "POST", f"/Workorder/{key}/Checkout.json", {})


def test_what_was_counted_corrects_the_books(api: Api, sandbox: Sandbox) -> None:
    item = written(
        api, "POST", "/Item.json", {"description": "Tee", "ItemShops": {"ItemShop": {"shopID": 1, "qoh": 5}}}
    )
    count = written(api, "POST", "/InventoryCount.json", {"name": "Aisle", "shopID": 1})
    keys = {"inventoryCountID": count["inventoryCountID"], "itemID": item["itemID"]}
    refused(api, "POST", "/InventoryCountReconcile.json", keys)
    for quantity in (2, 1):
        written(api, "POST", "/InventoryCountItem.json", {**keys, "employeeID": 1, "qty": quantity})
    calc = sandbox.rows(Resource.named("InventoryCountCalc"))[-1]
    assert (calc["countedQoh"], calc["calcQoh"]) == (3, 5)
    row = written(api, "POST", "/InventoryCountReconcile.json", {"inventoryCountID": count["inventoryCountID"]})
    assert row["qohChange"] == "-2"
    assert stock(sandbox, item["itemID"])[1]["qoh"] == 3


def test_goods_are_sent_to_another_shop(api: Api, sandbox: Sandbox) -> None:
    item = written(
        api, "POST", "/Item.json", {"description": "Tee", "ItemShops": {"ItemShop": {"shopID": 1, "qoh": 5}}}
    )
    path = "/Inventory/Transfer"
    key = written(api, "POST", f"{path}.json", {"sendingShopID": 1, "receivingShopID": 2})["transferID"]
    rows = {"TransferItems": [{"toSend": "2", "itemID": item["itemID"]}]}
    added = write(api, "POST", f"{path}/{key}/AddItems.json", rows).json()
    assert [row["toSend"] for row in added["TransferItem"]] == ["2"]
    refused(api, "POST", f"{path}/{key}/AddItems.json", rows)
    assert written(api, "POST", f"{path}/{key}/Send.json", {})["status"] == "sent"
    assert {shop: row["qoh"] for shop, row in stock(sandbox, item["itemID"]).items()} == {0: 3, 1: 3, 2: 0, 3: 0}
    refused(api, "POST", f"{path}/{key}/Send.json", {})
    assert written(api, "POST", f"{path}/{key}/Archive.json", {})["archived"] == "true"
    assert written(api, "POST", f"{path}/{key}/Restore.json", {})["archived"] == "false"
