{# Written by tools/dbt_sources.py from the declaration of ItemFee. #}
{{ staged_list('item_fees', {'accountID': 'integer', 'itemFeeID': 'integer'}, 'ItemFeeCategories', {
    'itemFeeCategoryID': 'integer',
    'categoryID': 'key',
}) }}
