{# Written by tools/dbt_sources.py from the declaration of ReportDiscountsByDay. #}
{{ staged('report_discounts_by_day', {
    'accountID': 'integer',
    'date': 'date',
    'shopID': 'integer',
    'discount': 'money',
}) }}
