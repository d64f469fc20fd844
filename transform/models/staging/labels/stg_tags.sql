{# Written by tools/dbt_sources.py from the declaration of Tag. #}
{{ staged('tags', {
    'accountID': 'integer',
    'tagID': 'integer',
    'name': 'string',
    'readOnly': 'boolean',
}) }}
