{# Written by tools/dbt_sources.py from the declaration of Order. #}
{{ staged_list('orders', {'accountID': 'integer', 'orderID': 'integer'}, 'CustomFieldValues', {
    'customFieldValueID': 'integer',
    'customFieldID': 'key',
    'name': 'string',
    'type': 'string',
    'value': 'string',
    'deleted': 'boolean',
    'timeStamp': 'datetime',
}) }}
