{# Written by tools/dbt_sources.py from the declaration of InventoryCount. #}
{{ staged('inventory_counts', {
    'accountID': 'integer',
    'inventoryCountID': 'integer',
    'name': 'string',
    'timeStamp': 'datetime',
    'archived': 'boolean',
    'shopID': 'key',
}) }}
