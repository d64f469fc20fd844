{# Written by tools/dbt_sources.py from the declaration of Shop. #}
{{ staged_list('shops', {'accountID': 'integer', 'shopID': 'integer'}, 'Contact.Phones', {
    'number': 'string',
    'useType': 'string',
}) }}
