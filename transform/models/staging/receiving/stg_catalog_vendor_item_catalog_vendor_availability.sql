{# Written by tools/dbt_sources.py from the declaration of CatalogVendorItem. #}
{{ staged_list('catalog_vendor_items', {'accountID': 'integer', 'catalogVendorItemID': 'integer'}, 'CatalogVendorAvailability', {
    '': 'string',
}) }}
