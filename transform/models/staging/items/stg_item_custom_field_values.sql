{# Written by tools/dbt_sources.py from the declaration of Item. #}
{{ staged_list('items', {'accountID': 'integer', 'itemID': 'integer'}, 'CustomFieldValues', {
    'customFieldValueID': 'integer',
    'customFieldID': 'key',
    'name': 'string',
    'type': 'string',
    'value': 'string',
    'deleted': 'boolean',
    'timeStamp': 'datetime',
}) }}
