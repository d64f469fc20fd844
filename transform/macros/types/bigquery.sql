{% macro bigquery__type_name(type) %}
    {%- do return({
        'integer': 'int64',
        'key': 'int64',
        'number': 'numeric',
        'money': 'numeric',
        'string': 'string',
        'boolean': 'bool',
        'datetime': 'datetime',
        'date': 'date',
        'json': 'json',
    }[type]) -%}
{% endmacro %}


{% macro bigquery__as_moment(expression, data_type) -%}
    {%- if data_type == 'datetime' -%}
        {{ expression }}
    {%- elif data_type == 'timestamp' -%}
        datetime({{ expression }}, 'UTC')
    {%- else -%}
        datetime(timestamp({{ expression }}), 'UTC')
    {%- endif -%}
{%- endmacro %}


{% macro bigquery__local_time(moment, zone) -%}
    datetime(timestamp({{ moment }}, 'UTC'), {{ zone }})
{%- endmacro %}


{#- target-bigquery keeps nested values as records, as JSON or as texts, by its setting denormalized. -#}
{% macro bigquery__as_json(expression, data_type) -%}
    {%- if data_type == 'json' -%}
        {{ expression }}
    {%- elif data_type == 'string' -%}
        parse_json({{ expression }}, wide_number_mode => 'round')
    {%- else -%}
        to_json({{ expression }})
    {%- endif -%}
{%- endmacro %}


{% macro bigquery__json_text(json, keys) -%}
    json_value({{ json }}, '{{ bigquery_json_path(keys) }}')
{%- endmacro %}


{% macro bigquery__json_inside(json, keys) -%}
    json_query({{ json }}, '{{ bigquery_json_path(keys) }}')
{%- endmacro %}


{% macro bigquery_json_path(keys) -%}
    $ {%- for key in keys -%} .{{ key }} {%- endfor -%}
{%- endmacro %}


{% macro bigquery__each_element(list) -%}
    cross join unnest(json_query_array({{ list }})) as element with offset as element_offset
{%- endmacro %}


{% macro bigquery__element_value() -%}
    element
{%- endmacro %}


{% macro bigquery__element_position() -%}
    element_offset + 1
{%- endmacro %}


{% macro bigquery__present_moment() -%}
    current_datetime('UTC')
{%- endmacro %}
