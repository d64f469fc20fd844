{# Written by tools/dbt_sources.py from the declaration of Customer. #}
{{ staged_list('customers', {'accountID': 'integer', 'customerID': 'integer'}, 'CustomFieldValues', {
    'customFieldValueID': 'integer',
    'customFieldID': 'key',
    'name': 'string',
    'type': 'string',
    'value': 'string',
    'deleted': 'boolean',
    'timeStamp': 'datetime',
}) }}
