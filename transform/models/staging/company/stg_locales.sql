{# Written by tools/dbt_sources.py from the declaration of Locale. #}
{{ staged('locales', {
    'accountID': 'integer',
    'name': 'string',
    'country': 'string',
    'countryCode': 'string',
    'states': 'string',
    'currencySymbol': 'string',
    'currencyCode': 'string',
    'currencyPrecision': 'integer',
    'includeTaxOnLabels': 'boolean',
    'languageTag': 'string',
    'dateFormat': 'string',
    'taxName1': 'string',
    'cashRoundingPrecision': 'number',
    'datetimeFormat': 'string',
    'taxName2': 'string',
}) }}
