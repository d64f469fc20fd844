{# Written by tools/dbt_sources.py from the declaration of ReportTaxesByDay. #}
{{ staged('report_taxes_by_day', {
    'accountID': 'integer',
    'date': 'date',
    'shopID': 'integer',
    'taxCategoryID': 'integer',
    'taxCategoryName': 'string',
    'tax': 'money',
}) }}
