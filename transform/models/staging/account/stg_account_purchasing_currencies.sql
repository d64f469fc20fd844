{# Written by tools/dbt_sources.py from the declaration of Account. #}
{{ staged_list('accounts', {'accountID': 'integer'}, 'purchasingCurrencies', {
    'code': 'string',
    'symbol': 'string',
    'rate': 'number',
}) }}
