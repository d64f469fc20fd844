{# Written by tools/dbt_sources.py from the declaration of Discount. #}
{{ staged('discounts', {
    'accountID': 'integer',
    'discountID': 'integer',
    'name': 'string',
    'discountAmount': 'money',
    'discountPercent': 'number',
    'requireCustomer': 'boolean',
    'archived': 'boolean',
    'timeStamp': 'datetime',
    'createTime': 'datetime',
    'sourceID': 'key',
}) }}
