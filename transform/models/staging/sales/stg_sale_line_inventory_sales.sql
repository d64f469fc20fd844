{# Written by tools/dbt_sources.py from the declaration of SaleLine. #}
{{ staged_list('sale_lines', {'accountID': 'integer', 'saleLineID': 'integer'}, 'InventorySales', {
    'inventorySaleID': 'integer',
    'quantity': 'integer',
    'createTime': 'datetime',
    'inventoryID': 'key',
}) }}
