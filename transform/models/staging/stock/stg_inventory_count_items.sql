{# Written by tools/dbt_sources.py from the declaration of InventoryCountItem. #}
{{ staged('inventory_count_items', {
    'accountID': 'integer',
    'inventoryCountItemID': 'integer',
    'qty': 'integer',
    'timeStamp': 'datetime',
    'inventoryCountID': 'key',
    'itemID': 'key',
    'employeeID': 'key',
}) }}
