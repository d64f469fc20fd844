{# Written by tools/dbt_sources.py from the declaration of InventoryCountReconcile. #}
{{ staged('inventory_count_reconciles', {
    'accountID': 'integer',
    'inventoryCountReconcileID': 'integer',
    'costChange': 'money',
    'qohChange': 'integer',
    'createTime': 'datetime',
    'inventoryCountID': 'key',
    'itemID': 'key',
}) }}
