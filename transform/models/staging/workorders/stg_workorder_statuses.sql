{# Written by tools/dbt_sources.py from the declaration of WorkorderStatus. #}
{{ staged('workorder_statuses', {
    'accountID': 'integer',
    'workorderStatusID': 'integer',
    'name': 'string',
    'sortOrder': 'string',
    'htmlColor': 'string',
    'systemValue': 'string',
}) }}
