{# Written by tools/dbt_sources.py from the declaration of ItemFee. #}
{{ staged('item_fees', {
    'accountID': 'integer',
    'itemFeeID': 'integer',
    'name': 'string',
    'calculationMethod': 'string',
    'feeValue': 'money',
    'taxable': 'boolean',
    'discountable': 'boolean',
    'nonRefundable': 'boolean',
    'archived': 'boolean',
    'createTime': 'datetime',
    'timestamp': 'datetime',
}) }}
