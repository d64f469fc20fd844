{# Written by tools/dbt_sources.py from the declaration of Option. #}
{{ staged('options', {
    'accountID': 'integer',
    'name': 'string',
    'value': 'string',
}) }}
