"""What the API documents besides, and why that is no stream; these are not declared, so they are listed here."""

from __future__ import annotations

NO_STREAMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Finds things by a word that somebody types; there is no list to read.", ("CatalogSearch",)),
    ("Shows the rows of `images` from the side of an item or a matrix.", ("ItemImage", "ItemMatrixImage")),
    ("Shows the rows of `shipments` and `shipment_items` below their order.", ("OrderShipment", "OrderShipmentItem")),
    ("Shows the rows of `sale_lines` below their sale.", ("SaleSaleLine",)),
    (
        "Shows the rows of `workorder_lines` and `workorder_items` below their workorder.",
        ("WorkorderWorkorderLine", "WorkorderWorkorderItem"),
    ),
    (
        "Adds up what should be in a drawer at this moment, without a key. What was counted is in `register_counts`.",
        ("RegisterCalculated",),
    ),
    (
        "Does something and holds no rows.",
        ("RegisterOpen", "RegisterClose", "SaleEmailReceipt", "SaleRefund", "WorkorderCheckout", "WorkorderClone"),
    ),
    (
        "Draws a receipt or a label out of rows that are streams already.",
        (
            "DisplayTemplateEmployee",
            "DisplayTemplateItemAsLabel",
            "DisplayTemplateLabel",
            "DisplayTemplateOrder",
            "DisplayTemplateOrderLineAsLabel",
            "DisplayTemplateRegisterCount",
            "DisplayTemplateRegisterWithdraw",
            "DisplayTemplateSale",
            "DisplayTemplateTransfer",
            "DisplayTemplateTransferItemAsLabel",
            "DisplayTemplateVendorReturn",
            "DisplayTemplateWorkorder",
        ),
    ),
)
"""Reasons, and the resources that they hold for."""
