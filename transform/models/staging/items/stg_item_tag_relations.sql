{# Written by tools/dbt_sources.py from the declaration of Item. #}
{{ staged_list('items', {'accountID': 'integer', 'itemID': 'integer'}, 'TagRelations', {
    'tagID': 'key',
}) }}
