with pictures as (
select
cast("ACCOUNT_ID" as number(38, 0)) as account_id,
cast("IMAGE_ID" as number(38, 0)) as image_id,
cast("DESCRIPTION" as varchar) as description,
cast("FILENAME" as varchar) as filename,
cast("ORIGINAL_FILENAME" as varchar) as original_filename,
cast("ORDERING" as number(38, 0)) as ordering,
cast("PUBLIC_ID" as varchar) as public_id,
cast("BASE_IMAGE_URL" as varchar) as base_image_url,
cast("SIZE" as number(38, 0)) as size,
cast(convert_timezone('UTC', "CREATE_TIME") as timestamp_ntz) as create_time,
cast(convert_timezone('UTC', "TIME_STAMP") as timestamp_ntz) as time_stamp,
nullif(cast("ITEM_ID" as number(38, 0)), 0) as item_id,
nullif(cast("ITEM_MATRIX_ID" as number(38, 0)), 0) as item_matrix_id,
cast(convert_timezone('UTC', "_SDC_DELETED_AT") as timestamp_ntz) is not null as is_deleted,
cast(null as timestamp_ntz) as extracted_at,
cast(null as timestamp_ntz) as loaded_at
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
