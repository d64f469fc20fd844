{# Written by tools/dbt_sources.py from the declaration of CreditAccount. #}
{{ staged_list('credit_accounts', {'accountID': 'integer', 'creditAccountID': 'integer'}, 'Contact.Addresses', {
    'address1': 'string',
    'address2': 'string',
    'city': 'string',
    'state': 'string',
    'stateCode': 'string',
    'zip': 'string',
    'country': 'string',
    'countryCode': 'string',
}) }}
