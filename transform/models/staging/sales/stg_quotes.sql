{# Written by tools/dbt_sources.py from the declaration of Quote. #}
{{ staged('quotes', {
    'accountID': 'integer',
    'quoteID': 'integer',
    'issueDate': 'datetime',
    'notes': 'string',
    'archived': 'boolean',
    'employeeID': 'key',
    'saleID': 'key',
}) }}
