{# Written by tools/dbt_sources.py from the declaration of WorkorderImage. #}
{{ staged('workorder_images', {
    'accountID': 'integer',
    'workorderImageID': 'integer',
    'description': 'string',
    'filename': 'string',
    'ordering': 'integer',
    'baseImageURL': 'string',
    'size': 'integer',
    'createTime': 'datetime',
    'timeStamp': 'datetime',
    'workorderID': 'key',
    'publicID': 'string',
}) }}
