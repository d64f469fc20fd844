{# Written by tools/dbt_sources.py from the declaration of TaxCategory. #}
{{ staged('tax_categories', {
    'accountID': 'integer',
    'taxCategoryID': 'integer',
    'isTaxInclusive': 'boolean',
    'tax1Name': 'string',
    'tax2Name': 'string',
    'tax1Rate': 'number',
    'tax2Rate': 'number',
    'timeStamp': 'datetime',
}) }}
