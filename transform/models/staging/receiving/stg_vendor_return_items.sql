{# Written by tools/dbt_sources.py from the declaration of VendorReturn. #}
{{ staged_list('vendor_returns', {'accountID': 'integer', 'vendorReturnID': 'integer'}, 'VendorReturnItems', {
    'vendorReturnItemID': 'integer',
    'itemID': 'key',
    'orderID': 'key',
    'quantity': 'integer',
    'cost': 'money',
    'subtotal': 'money',
    'inventoryInStock': 'integer',
    'vendorReturnItemReasonID': 'key',
    'VendorReturnItemReason.vendorReturnItemReasonID': 'integer',
    'VendorReturnItemReason.reason': 'string',
    'VendorReturnItemReason.defaultSelected': 'boolean',
    'VendorReturnItemReason.archived': 'boolean',
    'VendorReturnItemReason.createTime': 'datetime',
    'VendorReturnItemReason.timeStamp': 'datetime',
    'VendorReturnItemReason.isSystem': 'boolean',
    'VendorReturnItemReason.sortOrder': 'integer',
}) }}
