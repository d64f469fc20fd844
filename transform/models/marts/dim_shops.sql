select
    account_id,
    shop_id,
    name as shop_name,
    {{ shop_zone('shops') }} as time_zone,
    coalesce(archived, false) as is_archived
from {{ ref('stg_shops') }} as shops
where not is_deleted
