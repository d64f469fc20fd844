{# Written by tools/dbt_sources.py from the declaration of SalePayment. #}
{{ staged('sale_payments', {
    'accountID': 'integer',
    'salePaymentID': 'integer',
    'amount': 'money',
    'tipAmount': 'money',
    'createTime': 'datetime',
    'archived': 'boolean',
    'remoteReference': 'string',
    'paymentID': 'string',
    'saleID': 'key',
    'paymentTypeID': 'key',
    'ccChargeID': 'key',
    'refPaymentID': 'key',
    'registerID': 'key',
    'employeeID': 'key',
    'creditAccountID': 'key',
}) }}
