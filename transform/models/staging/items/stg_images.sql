{# Written by tools/dbt_sources.py from the declaration of Image. #}
{{ extended_images(staged('images', {
    'accountID': 'integer',
    'imageID': 'integer',
    'description': 'string',
    'filename': 'string',
    'originalFilename': 'string',
    'ordering': 'integer',
    'publicID': 'string',
    'baseImageURL': 'string',
    'size': 'integer',
    'createTime': 'datetime',
    'timeStamp': 'datetime',
    'itemID': 'key',
    'itemMatrixID': 'key',
})) }}
