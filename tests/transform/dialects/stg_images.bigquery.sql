with pictures as (
select
`accountID` as account_id,
`imageID` as image_id,
`description` as description,
`filename` as filename,
`originalFilename` as original_filename,
`ordering` as ordering,
`publicID` as public_id,
`baseImageURL` as base_image_url,
`size` as size,
datetime(`createTime`, 'UTC') as create_time,
datetime(`timeStamp`, 'UTC') as time_stamp,
nullif(`itemID`, 0) as item_id,
nullif(`itemMatrixID`, 0) as item_matrix_id,
datetime(`_sdc_deleted_at`, 'UTC') is not null as is_deleted,
cast(null as datetime) as extracted_at,
cast(null as datetime) as loaded_at
from raw.images
),
named as (
select
pictures.*,
case
when pictures.filename like '%.%'
then lower(split_part(pictures.filename, '.', -1))
else 'jpg'
end as extension
from pictures
)
select
named.*,
rtrim(named.base_image_url, '/') || '/' || named.public_id || '.' || named.extension as image_url,
rtrim(named.base_image_url, '/') || '/w_300,c_limit/' || named.public_id || '.' || named.extension as thumbnail_url
from named
