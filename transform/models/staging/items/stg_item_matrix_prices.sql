{# Written by tools/dbt_sources.py from the declaration of ItemMatrix. #}
{{ staged_list('item_matrices', {'accountID': 'integer', 'itemMatrixID': 'integer'}, 'Prices', {
    'amount': 'money',
    'useTypeID': 'key',
    'useType': 'string',
}) }}
