{#
  What the warehouses say differently. Each macro has a version for PostgreSQL (which is the default), one for
  Snowflake and one for BigQuery, in the files beside this one.

  Types of fields: integer, key (0 stands for none), number, money, string, boolean, datetime, date, json.
#}

{#- An expression as a value of a type of the declarations; data_type says what it is now, none where nothing is known. -#}
{% macro typed(expression, type, data_type=none) %}
    {%- set known = data_type | lower if expression != 'null' else none -%}
    {%- if known is none -%}
        cast({{ expression }} as {{ type_name(type) }})
    {%- elif type == 'key' -%}
        nullif({{ typed(expression, 'integer', known) }}, 0)
    {%- elif type == 'json' -%}
        {{ as_json(expression, known) }}
    {%- elif type == 'datetime' -%}
        {{ as_moment(expression, known) }}
    {%- elif known == type_name(type) -%}
        {{ expression }}
    {%- else -%}
        cast({{ expression }} as {{ type_name(type) }})
    {%- endif -%}
{% endmacro %}


{#- What a type is called here. -#}
{% macro type_name(type) %}
    {%- do return(adapter.dispatch('type_name', 'lightspeed_retail')(type)) -%}
{% endmacro %}

{#- A date-time in UTC, without a time zone. -#}
{% macro as_moment(expression, data_type) -%}
    {{ adapter.dispatch('as_moment', 'lightspeed_retail')(expression, data_type | lower) }}
{%- endmacro %}

{#- A date-time in UTC as the clock on a wall shows it; zone is an expression: 'US/Pacific', or a column. -#}
{% macro local_time(moment, zone) -%}
    {{ adapter.dispatch('local_time', 'lightspeed_retail')(moment, zone) }}
{%- endmacro %}

{#- A nested record or list as JSON, however the loader keeps it. -#}
{% macro as_json(expression, data_type) -%}
    {{ adapter.dispatch('as_json', 'lightspeed_retail')(expression, data_type | lower) }}
{%- endmacro %}

{#- The text that some keys lead to inside JSON; null for JSON's null. Without keys, the value itself is a text. -#}
{% macro json_text(json, keys) -%}
    {{ adapter.dispatch('json_text', 'lightspeed_retail')(json, keys) }}
{%- endmacro %}

{#- The JSON that some keys lead to inside JSON. -#}
{% macro json_inside(json, keys) -%}
    {{ adapter.dispatch('json_inside', 'lightspeed_retail')(json, keys) }}
{%- endmacro %}

{#- A value inside JSON, typed. -#}
{% macro json_value(json, keys, type) -%}
    {%- if type == 'json' -%}
        {{ json_inside(json, keys) }}
    {%- else -%}
        {{ typed(json_text(json, keys), type, type_name('string')) }}
    {%- endif -%}
{%- endmacro %}

{#- Joins the elements of a JSON list to its row; read with element_value and element_position. -#}
{% macro each_element(list) -%}
    {{ adapter.dispatch('each_element', 'lightspeed_retail')(list) }}
{%- endmacro %}

{#- An element as JSON. -#}
{% macro element_value() -%}
    {{ adapter.dispatch('element_value', 'lightspeed_retail')() }}
{%- endmacro %}

{#- Its place in the list, from 1 on. -#}
{% macro element_position() -%}
    {{ adapter.dispatch('element_position', 'lightspeed_retail')() }}
{%- endmacro %}

{#- The present moment in UTC, without a time zone. -#}
{% macro present_moment() -%}
    {{ adapter.dispatch('present_moment', 'lightspeed_retail')() }}
{%- endmacro %}
