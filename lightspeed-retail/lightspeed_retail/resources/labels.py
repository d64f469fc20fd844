"""How goods are told apart and grouped: tags, seasons, serial numbers, custom fields, fees."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Money, Resource, part, to_many
from lightspeed_retail.resources.endpoint import Endpoint, Match, Stamp, Vanishing

_READ = ("employee:inventory_read", "employee:inventory")
_WRITE = ("employee:inventory",)


class Tag(Resource):
    """A word by which items and customers can be found."""

    api = Endpoint(
        stream="tags",
        path="/Tag.json",
        key="tagID",
        sortable=("tagID", "name"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        write_scopes=("employee:tags",),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Tag/",
    )

    tagID: int
    name: str
    readOnly: Computed[bool]


class TagGroup(Resource):
    """The name of a group of tags."""

    # The page shows a list of plain names, with a count in place of a cursor.
    api = Endpoint(
        stream="tag_groups",
        path="/TagGroup.json",
        key="name",
        docs="https://developers.lightspeedhq.com/retail/endpoints/TagGroup/",
    )

    name: str


class Season(Resource):
    """A season that items are bought for."""

    api = Endpoint(
        stream="seasons",
        path="/Season.json",
        key="seasonID",
        sortable=("seasonID",),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        write_scopes=_WRITE,
        required=("name",),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Season/",
    )

    seasonID: int
    name: str


class Serialized(Resource):
    """A serial number, and the item or customer that it belongs to."""

    api = Endpoint(
        stream="serialized",
        path="/Serialized.json",
        key="serializedID",
        bookmark=Stamp(),
        sortable=("serializedID", "timeStamp", "serial"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_READ,
        write_scopes=_WRITE,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Serialized/",
    )

    serializedID: int
    colorName: str
    sizeName: str
    serial: str
    description: str
    timeStamp: datetime
    itemID: int
    saleLineID: int
    customerID: int


class ItemFee(Resource):
    """A fee that is added to the items of some categories, such as one for recycling."""

    # The page calls DELETE a soft one, and its sample answers with archived set.
    api = Endpoint(
        stream="item_fees",
        path="/ItemFee.json",
        key="itemFeeID",
        bookmark=Stamp("timestamp"),
        sortable=("itemFeeID",),
        archived=True,
        verbs=("GET", "PUT", "DELETE"),
        delete="archive",
        write_scopes=("employee:admin_purchases",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/ItemFee/",
    )

    itemFeeID: int
    name: str
    calculationMethod: str
    feeValue: Money
    taxable: bool
    discountable: bool
    nonRefundable: bool
    archived: bool
    createTime: datetime
    timestamp: datetime
    ItemFeeCategories = to_many("ItemFeeCategory", parts.ItemFeeCategory)


class ItemCustomField(parts.CustomField, Resource):
    """A field that the retailer has added to items."""

    # The page lists timeStamp as sortable, but no answer carries one.
    api = Endpoint(
        stream="item_custom_fields",
        path="/Item/CustomField.json",
        key="customFieldID",
        sortable=("customFieldID", "name"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_READ,
        write_scopes=_WRITE,
        envelope="CustomField",
        required=("type", "name"),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Item-CustomField/",
    )


class ItemCustomFieldChoice(parts.CustomFieldChoice, Resource):
    """One of the values that a custom field of items offers."""

    api = Endpoint(
        stream="item_custom_field_choices",
        path="/Item/CustomField/{customFieldID}/CustomFieldChoice.json",
        key="customFieldChoiceID",
        bookmark=Stamp(),
        sortable=("customFieldChoiceID", "timeStamp"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_READ,
        write_scopes=_WRITE,
        envelope="CustomFieldChoice",
        parent="ItemCustomField",
        parents=("type", ("single_choice", "multi_choice")),
        selected=False,
        docs="https://developers.lightspeedhq.com/retail/endpoints/Item-CustomField-CustomFieldChoice/",
    )

    CustomField = part(parts.CustomField, computed=True)
