{# Written by tools/dbt_sources.py from the declaration of RegisterWithdraw. #}
{{ staged('register_withdraws', {
    'accountID': 'integer',
    'registerWithdrawID': 'integer',
    'amount': 'money',
    'createTime': 'datetime',
    'notes': 'string',
    'employeeID': 'key',
    'paymentTypeID': 'key',
    'registerID': 'key',
}) }}
