{# Written by tools/dbt_sources.py from the declaration of WorkorderItem. #}
{{ staged('workorder_items', {
    'accountID': 'integer',
    'workorderItemID': 'integer',
    'approved': 'boolean',
    'unitPrice': 'money',
    'unitQuantity': 'integer',
    'warranty': 'boolean',
    'tax': 'boolean',
    'isSpecialOrder': 'boolean',
    'note': 'string',
    'timeStamp': 'datetime',
    'workorderID': 'key',
    'employeeID': 'key',
    'saleLineID': 'key',
    'saleID': 'key',
    'itemID': 'key',
    'discountID': 'key',
}) }}
