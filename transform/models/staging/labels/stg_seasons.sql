{# Written by tools/dbt_sources.py from the declaration of Season. #}
{{ staged('seasons', {
    'accountID': 'integer',
    'seasonID': 'integer',
    'name': 'string',
}) }}
