{# Written by tools/dbt_sources.py from the declaration of Vendor. #}
{{ staged_list('vendors', {'accountID': 'integer', 'vendorID': 'integer'}, 'Reps', {
    'firstName': 'string',
    'lastName': 'string',
}) }}
