{# What some staging models have besides the declared fields. tools/dbt_sources.py uses every macro extended_STREAM. #}

{#-
  Sales: what became of the ticket, and when it was completed, in UTC and on the shop's own clock and calendar.
  A ticket can be voided after completion; archived ones were thrown away before.
-#}
{% macro extended_sales(query) %}
    with tickets as (
        {{ query }}
    ),

    told_apart as (
        select
            tickets.*,
            case
                when tickets.voided then 'voided'
                when tickets.completed then 'completed'
                when tickets.archived then 'archived'
                else 'open'
            end as sale_state,
            case when tickets.completed then tickets.complete_time end as completed_at
        from tickets
    )

    select
        told_apart.*,
        case when told_apart.completed then told_apart.complete_time_local end as completed_at_local,
        cast(case when told_apart.completed then told_apart.complete_time_local end as date) as sale_date
    from told_apart
{%- endmacro %}


{#-
  Images: the address of the picture as it was uploaded, and of one that is at most 300 pixels wide. It is made of
  {baseImageURL}/{settings}/{publicID}.{extension}; source: https://developers.lightspeedhq.com/retail/endpoints/Image/
-#}
{% macro extended_images(query) %}
    {%- set base = "rtrim(named.base_image_url, '/')" -%}
    {%- set file = dbt.concat(['named.public_id', "'.'", 'named.extension']) -%}
    with pictures as (
        {{ query }}
    ),

    named as (
        select
            pictures.*,
            case
                when pictures.filename like '%.%'
                    then lower({{ dbt.split_part('pictures.filename', "'.'", -1) }})
                else 'jpg'
            end as extension
        from pictures
    )

    select
        named.*,
        {{ dbt.concat([base, "'/'", file]) }} as image_url,
        {{ dbt.concat([base, "'/w_300,c_limit/'", file]) }} as thumbnail_url
    from named
{%- endmacro %}
