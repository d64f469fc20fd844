{# Written by tools/dbt_sources.py from the declaration of Item. #}
{{ staged_list('items', {'accountID': 'integer', 'itemID': 'integer'}, 'ItemVendorNums', {
    'itemVendorNumID': 'integer',
    'value': 'string',
    'vendorID': 'key',
    'timeStamp': 'datetime',
    'cost': 'money',
    'b2bCatalogUUID': 'string',
    'catalogVendorItemID': 'key',
}) }}
