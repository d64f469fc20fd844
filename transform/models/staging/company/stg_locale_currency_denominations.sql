{# Written by tools/dbt_sources.py from the declaration of Locale. #}
{{ staged_list('locales', {'accountID': 'integer', 'countryCode': 'string'}, 'CurrencyDenominations', {
    'name': 'string',
    'value': 'number',
    'significant': 'boolean',
}) }}
