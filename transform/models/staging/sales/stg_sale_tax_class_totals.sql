{# Written by tools/dbt_sources.py from the declaration of Sale. #}
{{ staged_list('sales', {'accountID': 'integer', 'saleID': 'integer'}, 'TaxClassTotals', {
    'id': 'integer',
    'name': 'string',
    'taxable': 'money',
    'rate': 'number',
    'amount': 'money',
    'taxname': 'string',
    'subtotal': 'money',
    'rate2': 'number',
    'amount2': 'money',
    'taxname2': 'string',
    'subtotal2': 'money',
}) }}
