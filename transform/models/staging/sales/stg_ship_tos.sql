{# Written by tools/dbt_sources.py from the declaration of ShipTo. #}
{{ staged('ship_tos', {
    'accountID': 'integer',
    'shipToID': 'integer',
    'shipped': 'boolean',
    'timeStamp': 'datetime',
    'shipNote': 'string',
    'firstName': 'string',
    'lastName': 'string',
    'company': 'string',
    'customerID': 'key',
    'saleID': 'key',
    'Contact.contactID': 'integer',
    'Contact.custom': 'string',
    'Contact.noEmail': 'boolean',
    'Contact.noPhone': 'boolean',
    'Contact.noMail': 'boolean',
    'Contact.timeStamp': 'datetime',
}) }}
