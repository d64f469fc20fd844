{% macro default__type_name(type) %}
    {%- do return({
        'integer': 'bigint',
        'key': 'bigint',
        'number': 'numeric',
        'money': 'numeric',
        'string': 'text',
        'boolean': 'boolean',
        'datetime': 'timestamp without time zone',
        'date': 'date',
        'json': 'jsonb',
    }[type]) -%}
{% endmacro %}


{% macro default__as_moment(expression, data_type) -%}
    {%- if data_type == 'timestamp without time zone' -%}
        {{ expression }}
    {%- elif data_type == 'timestamp with time zone' -%}
        ({{ expression }} at time zone 'UTC')
    {%- else -%}
        (cast({{ expression }} as timestamp with time zone) at time zone 'UTC')
    {%- endif -%}
{%- endmacro %}


{% macro default__local_time(moment, zone) -%}
    ({{ moment }} at time zone 'UTC' at time zone {{ zone }})
{%- endmacro %}


{#- meltanolabs-target-postgres keeps lists as arrays of jsonb, and a null inside a nested record as JSON's null. -#}
{% macro default__as_json(expression, data_type) -%}
    {%- if data_type == 'jsonb' -%}
        {{ expression }}
    {%- elif data_type == 'array' or data_type.endswith('[]') -%}
        to_jsonb({{ expression }})
    {%- else -%}
        cast({{ expression }} as jsonb)
    {%- endif -%}
{%- endmacro %}


{% macro default__json_text(json, keys) -%}
    ({{ json }} #>> '{{ "{" ~ keys | join(",") ~ "}" }}')
{%- endmacro %}


{% macro default__json_inside(json, keys) -%}
    ({{ json }} #> '{{ "{" ~ keys | join(",") ~ "}" }}')
{%- endmacro %}


{% macro default__each_element(list) -%}
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof({{ list }}) = 'array' then {{ list }} else '[]' end
    ) with ordinality as element (value, position)
{%- endmacro %}


{% macro default__element_value() -%}
    element.value
{%- endmacro %}


{% macro default__element_position() -%}
    element.position
{%- endmacro %}


{% macro default__present_moment() -%}
    (current_timestamp at time zone 'UTC')
{%- endmacro %}
