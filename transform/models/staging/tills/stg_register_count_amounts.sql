{# Written by tools/dbt_sources.py from the declaration of RegisterCountAmount. #}
{{ staged('register_count_amounts', {
    'accountID': 'integer',
    'registerCountAmountID': 'integer',
    'calculated': 'money',
    'actual': 'money',
    'registerCountID': 'key',
    'paymentTypeID': 'key',
}) }}
