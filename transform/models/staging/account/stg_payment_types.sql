{# Written by tools/dbt_sources.py from the declaration of PaymentType. #}
{{ staged('payment_types', {
    'accountID': 'integer',
    'paymentTypeID': 'integer',
    'name': 'string',
    'requireCustomer': 'boolean',
    'archived': 'boolean',
    'internalReserved': 'boolean',
    'type': 'string',
    'refundAsPaymentTypeID': 'key',
    'code': 'string',
    'channel': 'string',
}) }}
