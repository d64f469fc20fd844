{# Written by tools/dbt_sources.py from the declaration of Category. #}
{{ staged('categories', {
    'accountID': 'integer',
    'categoryID': 'integer',
    'name': 'string',
    'nodeDepth': 'string',
    'fullPathName': 'string',
    'leftNode': 'integer',
    'rightNode': 'integer',
    'createTime': 'datetime',
    'timeStamp': 'datetime',
    'parentID': 'key',
}) }}
