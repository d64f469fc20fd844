{# Written by tools/dbt_sources.py from the declaration of Account. #}
{{ staged('accounts', {
    'accountID': 'integer',
    'name': 'string',
    'status': 'string',
    'employeeCount': 'integer',
    'employeeLimit': 'integer',
    'uniqueSubscriptionIdentifier': 'string',
    'link.href': 'string',
    'defaultCurrency.code': 'string',
    'defaultCurrency.symbol': 'string',
    'defaultCurrency.rate': 'number',
}) }}
