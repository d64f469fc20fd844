{#
  A staging model with one of its moments in the time of the shop as well: create_time_local beside create_time.

  query: the model, which has account_id, shop_id and the moment.
#}
{% macro with_local_time(query, moment) %}
    with in_utc as (
        {{ query }}
    )

    select
        in_utc.*,
        {{ local_time('in_utc.' ~ moment, shop_zone('shops')) }} as {{ moment }}_local
    from in_utc
    left join {{ ref('stg_shops') }} as shops
        on shops.account_id = in_utc.account_id
        and shops.shop_id = in_utc.shop_id
{%- endmacro %}


{#- The time zone of a shop; where none is known, that of the variable time_zone. -#}
{% macro shop_zone(shops) -%}
    coalesce({{ shops }}.time_zone, '{{ var("time_zone") }}')
{%- endmacro %}
