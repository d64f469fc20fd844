{# Written by tools/dbt_sources.py from the declaration of SalePayment. #}
{{ staged_list('sale_payments', {'accountID': 'integer', 'salePaymentID': 'integer'}, 'SaleAccounts', {
    'saleAccountID': 'integer',
    'creditAccountID': 'key',
    'saleLineID': 'key',
}) }}
