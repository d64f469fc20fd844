{# Written by tools/dbt_sources.py from the declaration of ItemCustomFieldChoice. #}
{{ staged('item_custom_field_choices', {
    'accountID': 'integer',
    'customFieldChoiceID': 'integer',
    'value': 'string',
    'name': 'string',
    'canBeDeleted': 'boolean',
    'customFieldID': 'key',
    'timeStamp': 'datetime',
    'CustomField.customFieldID': 'integer',
    'CustomField.type': 'string',
    'CustomField.name': 'string',
    'CustomField.uom': 'string',
    'CustomField.decimalPrecision': 'integer',
    'CustomField.archived': 'boolean',
    'CustomField.default': 'string',
}) }}
