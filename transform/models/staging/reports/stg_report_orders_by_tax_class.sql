{# Written by tools/dbt_sources.py from the declaration of ReportOrdersByTaxClass. #}
{{ staged('report_orders_by_tax_class', {
    'accountID': 'integer',
    'date': 'date',
    'shopID': 'integer',
    'taxClassID': 'integer',
    'taxClassName': 'string',
    'vendorID': 'key',
    'vendorName': 'string',
    'cost': 'money',
    'orderID': 'integer',
    'totalShipCost': 'money',
    'totalOtherCost': 'money',
}) }}
