{# Written by tools/dbt_sources.py from the declaration of TagGroup. #}
{{ staged('tag_groups', {
    'accountID': 'integer',
    'name': 'string',
}) }}
