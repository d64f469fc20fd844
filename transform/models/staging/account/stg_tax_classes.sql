{# Written by tools/dbt_sources.py from the declaration of TaxClass. #}
{{ staged('tax_classes', {
    'accountID': 'integer',
    'taxClassID': 'integer',
    'name': 'string',
    'classType': 'string',
    'timeStamp': 'datetime',
}) }}
