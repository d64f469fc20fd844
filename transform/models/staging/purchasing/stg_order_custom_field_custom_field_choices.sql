{# Written by tools/dbt_sources.py from the declaration of OrderCustomField. #}
{{ staged_list('order_custom_fields', {'accountID': 'integer', 'customFieldID': 'integer'}, 'CustomFieldChoices', {
    'customFieldChoiceID': 'integer',
    'value': 'string',
    'name': 'string',
    'canBeDeleted': 'boolean',
    'timeStamp': 'datetime',
}) }}
