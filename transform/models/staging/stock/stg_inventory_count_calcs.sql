{# Written by tools/dbt_sources.py from the declaration of InventoryCountCalc. #}
{{ staged('inventory_count_calcs', {
    'accountID': 'integer',
    'inventoryCountCalcID': 'integer',
    'timeStamp': 'datetime',
    'calcQoh': 'integer',
    'countedQoh': 'integer',
    'inventoryCountID': 'key',
    'itemID': 'key',
}) }}
