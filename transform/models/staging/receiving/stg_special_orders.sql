{# Written by tools/dbt_sources.py from the declaration of SpecialOrder. #}
{{ staged('special_orders', {
    'accountID': 'integer',
    'specialOrderID': 'integer',
    'unitQuantity': 'integer',
    'contacted': 'boolean',
    'completed': 'boolean',
    'timeStamp': 'datetime',
    'status': 'string',
    'customerID': 'key',
    'shopID': 'key',
    'saleLineID': 'key',
    'orderLineID': 'key',
    'transferItemID': 'key',
}) }}
