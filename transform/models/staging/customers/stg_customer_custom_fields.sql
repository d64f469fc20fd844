{# Written by tools/dbt_sources.py from the declaration of CustomerCustomField. #}
{{ staged('customer_custom_fields', {
    'accountID': 'integer',
    'customFieldID': 'integer',
    'type': 'string',
    'name': 'string',
    'uom': 'string',
    'decimalPrecision': 'integer',
    'archived': 'boolean',
    'default': 'string',
}) }}
