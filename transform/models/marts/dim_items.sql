with items as (
    select * from {{ ref('stg_items') }} where not is_deleted
),

prices as (
    select account_id, item_id, max(amount) as amount
    from {{ ref('stg_item_prices') }}
    where use_type = 'Default' and not is_deleted
    group by account_id, item_id
),

images as (
    select
        account_id,
        item_id,
        item_matrix_id,
        image_url,
        row_number() over (
            partition by account_id, item_id, case when item_id is null then item_matrix_id end
            order by ordering, image_id
        ) as place
    from {{ ref('stg_images') }}
    where not is_deleted
)

select
    items.account_id,
    items.item_id,
    coalesce(
        nullif(items.custom_sku, ''), nullif(items.manufacturer_sku, ''), nullif(items.system_sku, '')
    ) as sku,
    items.system_sku,
    items.custom_sku,
    items.manufacturer_sku,
    items.upc,
    items.ean,
    items.description,
    items.item_type,
    items.item_matrix_id,
    items.category_id,
    categories.name as category_name,
    categories.full_path_name as category_path,
    manufacturers.name as manufacturer_name,
    items.default_vendor_id as vendor_id,
    vendors.name as vendor_name,
    prices.amount as default_price,
    items.avg_cost,
    items.default_cost,
    coalesce(own_images.image_url, matrix_images.image_url) as image_url,
    coalesce(items.publish_to_ecom, false) as is_published,
    coalesce(items.archived, false) as is_archived,
    items.time_stamp as changed_at
from items
left join prices
    on items.account_id = prices.account_id
    and items.item_id = prices.item_id
left join {{ ref('stg_categories') }} as categories
    on items.account_id = categories.account_id
    and items.category_id = categories.category_id
    and not categories.is_deleted
left join {{ ref('stg_manufacturers') }} as manufacturers
    on items.account_id = manufacturers.account_id
    and items.manufacturer_id = manufacturers.manufacturer_id
    and not manufacturers.is_deleted
left join {{ ref('stg_vendors') }} as vendors
    on items.account_id = vendors.account_id
    and items.default_vendor_id = vendors.vendor_id
    and not vendors.is_deleted
left join images as own_images
    on items.account_id = own_images.account_id
    and items.item_id = own_images.item_id
    and own_images.place = 1
left join images as matrix_images
    on items.account_id = matrix_images.account_id
    and items.item_matrix_id = matrix_images.item_matrix_id
    and matrix_images.item_id is null
    and matrix_images.place = 1
