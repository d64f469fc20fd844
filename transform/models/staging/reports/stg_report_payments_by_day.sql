{# Written by tools/dbt_sources.py from the declaration of ReportPaymentsByDay. #}
{{ staged('report_payments_by_day', {
    'accountID': 'integer',
    'date': 'date',
    'shopID': 'integer',
    'amount': 'money',
    'paymentTypeName': 'string',
    'paymentTypeID': 'integer',
    'layaway': 'boolean',
}) }}
