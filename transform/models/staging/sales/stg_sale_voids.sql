{# Written by tools/dbt_sources.py from the declaration of SaleVoid. #}
{{ with_local_time(staged('sale_voids', {
    'accountID': 'integer',
    'saleVoidID': 'integer',
    'createTime': 'datetime',
    'reason': 'string',
    'saleID': 'key',
    'employeeID': 'key',
    'shopID': 'key',
}), 'create_time') }}
