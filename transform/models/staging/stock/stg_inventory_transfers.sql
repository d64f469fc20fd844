{# Written by tools/dbt_sources.py from the declaration of InventoryTransfer. #}
{{ staged('inventory_transfers', {
    'accountID': 'integer',
    'transferID': 'integer',
    'note': 'string',
    'archived': 'boolean',
    'timeStamp': 'datetime',
    'createTime': 'datetime',
    'status': 'string',
    'sentOn': 'datetime',
    'needBy': 'datetime',
    'sendingShopID': 'key',
    'sentByEmployeeID': 'key',
    'receivingShopID': 'key',
    'createdByEmployeeID': 'key',
}) }}
