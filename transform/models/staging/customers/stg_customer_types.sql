{# Written by tools/dbt_sources.py from the declaration of CustomerType. #}
{{ staged('customer_types', {
    'accountID': 'integer',
    'customerTypeID': 'integer',
    'name': 'string',
    'taxCategoryID': 'key',
    'discountID': 'key',
}) }}
