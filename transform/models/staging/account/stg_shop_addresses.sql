{# Written by tools/dbt_sources.py from the declaration of Shop. #}
{{ staged_list('shops', {'accountID': 'integer', 'shopID': 'integer'}, 'Contact.Addresses', {
    'address1': 'string',
    'address2': 'string',
    'city': 'string',
    'state': 'string',
    'stateCode': 'string',
    'zip': 'string',
    'country': 'string',
    'countryCode': 'string',
}) }}
