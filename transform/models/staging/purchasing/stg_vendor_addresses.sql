{# Written by tools/dbt_sources.py from the declaration of Vendor. #}
{{ staged_list('vendors', {'accountID': 'integer', 'vendorID': 'integer'}, 'Contact.Addresses', {
    'address1': 'string',
    'address2': 'string',
    'city': 'string',
    'state': 'string',
    'stateCode': 'string',
    'zip': 'string',
    'country': 'string',
    'countryCode': 'string',
}) }}
