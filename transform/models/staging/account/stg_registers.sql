{# Written by tools/dbt_sources.py from the declaration of Register. #}
{{ staged('registers', {
    'accountID': 'integer',
    'registerID': 'integer',
    'name': 'string',
    'open': 'boolean',
    'openTime': 'datetime',
    'archived': 'boolean',
    'tipEnabled': 'boolean',
    'openEmployeeID': 'key',
    'shopID': 'key',
    'ccTerminalID': 'key',
}) }}
