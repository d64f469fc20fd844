{% snapshot item_shops_history %}

{{ config(
    unique_key=['account_id', 'item_shop_id'],
    strategy='timestamp',
    updated_at='time_stamp',
) }}

{# What the stock was whenever the models were built: the history of those who may not read the inventory log. #}

select account_id, item_shop_id, shop_id, item_id, quantity, time_stamp, loaded_at
from {{ ref('int_stock') }}

{% endsnapshot %}
