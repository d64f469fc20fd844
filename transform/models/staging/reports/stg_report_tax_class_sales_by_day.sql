{# Written by tools/dbt_sources.py from the declaration of ReportTaxClassSalesByDay. #}
{{ staged('report_tax_class_sales_by_day', {
    'accountID': 'integer',
    'date': 'date',
    'taxClassID': 'integer',
    'taxClassName': 'string',
    'shopID': 'integer',
    'subtotal': 'money',
    'fifoCost': 'money',
    'avgCost': 'money',
}) }}
