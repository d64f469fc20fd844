{# Written by tools/dbt_sources.py from the declaration of TaxCategoryClass. #}
{{ staged('tax_category_classes', {
    'accountID': 'integer',
    'timeStamp': 'datetime',
    'taxCategoryClassID': 'integer',
    'tax1Rate': 'number',
    'tax2Rate': 'number',
    'taxCategoryID': 'key',
    'taxClassID': 'key',
}) }}
