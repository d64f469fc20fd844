{# Written by tools/dbt_sources.py from the declaration of Item. #}
{{ staged_list('items', {'accountID': 'integer', 'itemID': 'integer'}, 'Prices', {
    'amount': 'money',
    'useTypeID': 'key',
    'useType': 'string',
}) }}
