{# Written by tools/dbt_sources.py from the declaration of Manufacturer. #}
{{ staged('manufacturers', {
    'accountID': 'integer',
    'manufacturerID': 'integer',
    'name': 'string',
    'createTime': 'datetime',
    'timeStamp': 'datetime',
}) }}
