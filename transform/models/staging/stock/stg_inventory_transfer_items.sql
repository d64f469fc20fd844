{# Written by tools/dbt_sources.py from the declaration of InventoryTransferItem. #}
{{ staged('inventory_transfer_items', {
    'accountID': 'integer',
    'transferItemID': 'integer',
    'toSend': 'integer',
    'toReceive': 'integer',
    'sent': 'integer',
    'received': 'integer',
    'sentValue': 'money',
    'receivedValue': 'money',
    'comment': 'string',
    'timeStamp': 'datetime',
    'transferID': 'key',
    'itemID': 'key',
}) }}
