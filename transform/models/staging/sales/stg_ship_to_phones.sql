{# Written by tools/dbt_sources.py from the declaration of ShipTo. #}
{{ staged_list('ship_tos', {'accountID': 'integer', 'shipToID': 'integer'}, 'Contact.Phones', {
    'number': 'string',
    'useType': 'string',
}) }}
