{# Written by tools/dbt_sources.py from the declaration of PriceLevel. #}
{{ staged('price_levels', {
    'accountID': 'integer',
    'priceLevelID': 'integer',
    'name': 'string',
    'archived': 'boolean',
    'canBeArchived': 'boolean',
    'type': 'string',
    'Calculation': 'string',
}) }}
