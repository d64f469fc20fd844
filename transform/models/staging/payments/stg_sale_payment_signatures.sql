{# Written by tools/dbt_sources.py from the declaration of SalePaymentSignature. #}
{{ staged('sale_payment_signatures', {
    'accountID': 'integer',
    'salePaymentSignatureID': 'integer',
    'filePath': 'string',
    'createTime': 'datetime',
    'salePaymentID': 'key',
}) }}
