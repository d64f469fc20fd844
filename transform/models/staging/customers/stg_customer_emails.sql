{# Written by tools/dbt_sources.py from the declaration of Customer. #}
{{ staged_list('customers', {'accountID': 'integer', 'customerID': 'integer'}, 'Contact.Emails', {
    'address': 'string',
    'useType': 'string',
}) }}
