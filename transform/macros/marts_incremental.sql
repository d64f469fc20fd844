{#
  How the large tables are kept up to date. Rows tell by loaded_at when the loader wrote them. What was loaded after the
  newest row that a table knows is worked out anew, and what is gone at its source is taken out. So a build after some
  days of trade gives what a full refresh gives.
#}

{#- Deletes the old version of a row before the new one goes in; BigQuery can only merge. -#}
{% macro replacing() %}
    {%- do return('merge' if target.type == 'bigquery' else 'delete+insert') -%}
{% endmacro %}


{#-
  Whether something was loaded since the last build. Rows without a moment count as new. Loads may still be under way
  while the models are built, hence some time before the newest row is read again.
-#}
{% macro is_new(loaded_at) -%}
    (
        {{ loaded_at }} is null
        or {{ loaded_at }} >= (
            select coalesce(
                {{ dbt.dateadd('minute', -1 * var('incremental_overlap_minutes', 180) | int, 'max(known.loaded_at)') }},
                {{ typed("'1970-01-01 00:00:00'", 'datetime', 'text') }}
            )
            from {{ this }} as known
        )
    )
{%- endmacro %}


{#-
  Takes rows out of a table whose origin is gone: deleted at its source, or from the raw table.

  origin: where they came from.
  key: what identifies a row there, and in the table.
-#}
{% macro forget(origin, key) -%}
    {%- set kept = this.include(database=false, schema=false) -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ origin }} as origin
        where not origin.is_deleted
        {%- for column in key %}
            and origin.{{ column }} = {{ kept }}.{{ column }}
        {%- endfor %}
    )
{%- endmacro %}


{#-
  Takes out the days that have become too old.

  day: the column that says which day it is.
  key: to whom the days belong.
  days: how many there may be before the last one.
-#}
{% macro forget_days(day, key, days) -%}
    {%- set kept = this.include(database=false, schema=false) -%}
    delete from {{ this }}
    where exists (
        select 1
        from (
            select {{ key | join(', ') }}, max({{ day }}) as last_day
            from {{ this }}
            group by {{ key | join(', ') }}
        ) as newest
        where
            {{ kept }}.{{ day }} < {{ day_after('newest.last_day', -1 * days | int) }}
        {%- for column in key %}
            and newest.{{ column }} = {{ kept }}.{{ column }}
        {%- endfor %}
    )
{%- endmacro %}
