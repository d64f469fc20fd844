{# Written by tools/dbt_sources.py from the declaration of ItemAttributeSet. #}
{{ staged('item_attribute_sets', {
    'accountID': 'integer',
    'itemAttributeSetID': 'integer',
    'name': 'string',
    'attributeName1': 'string',
    'attributeName2': 'string',
    'attributeName3': 'string',
    'system': 'boolean',
    'archived': 'boolean',
}) }}
