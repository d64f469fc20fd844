{# Written by tools/dbt_sources.py from the declaration of CreditAccount. #}
{{ staged_list('credit_accounts', {'accountID': 'integer', 'creditAccountID': 'integer'}, 'Contact.Websites', {
    'url': 'string',
}) }}
