{# Written by tools/dbt_sources.py from the declaration of RegisterCount. #}
{{ staged('register_counts', {
    'accountID': 'integer',
    'registerCountID': 'integer',
    'createTime': 'datetime',
    'openTime': 'datetime',
    'notes': 'string',
    'registerID': 'key',
    'openEmployeeID': 'key',
    'closeEmployeeID': 'key',
}) }}
