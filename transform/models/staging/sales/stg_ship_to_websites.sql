{# Written by tools/dbt_sources.py from the declaration of ShipTo. #}
{{ staged_list('ship_tos', {'accountID': 'integer', 'shipToID': 'integer'}, 'Contact.Websites', {
    'url': 'string',
}) }}
