{# Written by tools/dbt_sources.py from the declaration of Industry. #}
{{ staged('industries', {
    'accountID': 'integer',
    'industryID': 'integer',
    'name': 'string',
    'enabled': 'boolean',
    'catalogIndustryID': 'key',
}) }}
