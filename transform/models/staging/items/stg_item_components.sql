{# Written by tools/dbt_sources.py from the declaration of Item. #}
{{ staged_list('items', {'accountID': 'integer', 'itemID': 'integer'}, 'ItemComponents', {
    'itemComponentID': 'integer',
    'quantity': 'integer',
    'componentGroup': 'integer',
    'assemblyItemID': 'key',
    'componentItemID': 'key',
}) }}
