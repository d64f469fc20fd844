{# Written by tools/dbt_sources.py from the declaration of ShipTo. #}
{{ staged_list('ship_tos', {'accountID': 'integer', 'shipToID': 'integer'}, 'Contact.Addresses', {
    'address1': 'string',
    'address2': 'string',
    'city': 'string',
    'state': 'string',
    'stateCode': 'string',
    'zip': 'string',
    'country': 'string',
    'countryCode': 'string',
}) }}
