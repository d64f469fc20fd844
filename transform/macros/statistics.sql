{#
  What the planner of PostgreSQL knows of tables that were just made: nothing, until autovacuum comes by. A join over
  them can take hours then instead of moments, so each is looked at when it is made. Other warehouses need no such thing.
#}

{#- After a model is made: a hook. -#}
{% macro with_statistics() -%}
    {{ adapter.dispatch('with_statistics', 'lightspeed_retail')() }}
{%- endmacro %}

{% macro default__with_statistics() -%}
{%- endmacro %}

{% macro postgres__with_statistics() -%}
    analyze {{ this }}
{%- endmacro %}


{#- Before anything is made: of the loaded tables, those that nobody has looked at yet. -#}
{% macro with_raw_statistics() -%}
    {{ adapter.dispatch('with_raw_statistics', 'lightspeed_retail')() }}
{%- endmacro %}

{% macro default__with_raw_statistics() -%}
{%- endmacro %}

{% macro postgres__with_raw_statistics() -%}
    {%- if execute -%}
        {%- set schema = var('raw_schema', none) or env_var('TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA', 'lightspeed') -%}
        {%- set unknown -%}
            select format('analyze %I.%I', schemaname, relname)
            from pg_stat_user_tables
            where schemaname = '{{ schema }}' and last_analyze is null and last_autoanalyze is null
        {%- endset -%}
        {{ run_query(unknown).columns[0].values() | join('; ') }}
    {%- endif -%}
{%- endmacro %}
