{# Written by tools/dbt_sources.py from the declaration of Shop. #}
{{ staged_list('shops', {'accountID': 'integer', 'shopID': 'integer'}, 'ShelfLocations', {
    'shelfLocationID': 'integer',
    'name': 'string',
}) }}
