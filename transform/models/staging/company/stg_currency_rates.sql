{# Written by tools/dbt_sources.py from the declaration of CurrencyRate. #}
{{ staged('currency_rates', {
    'accountID': 'integer',
    'currencyRateID': 'integer',
    'currencyCode': 'string',
    'rate': 'number',
    'createTime': 'datetime',
    'timeStamp': 'datetime',
}) }}
