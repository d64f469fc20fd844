{# Written by tools/dbt_sources.py from the declaration of Serialized. #}
{{ staged('serialized', {
    'accountID': 'integer',
    'serializedID': 'integer',
    'colorName': 'string',
    'sizeName': 'string',
    'serial': 'string',
    'description': 'string',
    'timeStamp': 'datetime',
    'itemID': 'key',
    'saleLineID': 'key',
    'customerID': 'key',
}) }}
