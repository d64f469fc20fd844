{# Written by tools/dbt_sources.py from the declaration of CustomerCustomFieldChoice. #}
{{ staged('customer_custom_field_choices', {
    'accountID': 'integer',
    'customFieldChoiceID': 'integer',
    'value': 'string',
    'name': 'string',
    'canBeDeleted': 'boolean',
    'customFieldID': 'key',
    'timeStamp': 'datetime',
}) }}
