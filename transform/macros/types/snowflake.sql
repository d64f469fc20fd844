{% macro snowflake__type_name(type) %}
    {%- do return({
        'integer': 'number(38, 0)',
        'key': 'number(38, 0)',
        'number': 'number(38, 9)',
        'money': 'number(38, 9)',
        'string': 'varchar',
        'boolean': 'boolean',
        'datetime': 'timestamp_ntz',
        'date': 'date',
        'json': 'variant',
    }[type]) -%}
{% endmacro %}


{% macro snowflake__as_moment(expression, data_type) -%}
    {%- if data_type.startswith('timestamp_ntz') -%}
        {{ expression }}
    {%- elif data_type.startswith('timestamp') -%}
        cast(convert_timezone('UTC', {{ expression }}) as timestamp_ntz)
    {%- else -%}
        cast(convert_timezone('UTC', to_timestamp_tz({{ expression }})) as timestamp_ntz)
    {%- endif -%}
{%- endmacro %}


{% macro snowflake__local_time(moment, zone) -%}
    convert_timezone('UTC', {{ zone }}, {{ moment }})
{%- endmacro %}


{% macro snowflake__as_json(expression, data_type) -%}
    {%- if data_type in ['variant', 'object', 'array'] -%}
        {{ expression }}
    {%- else -%}
        parse_json({{ expression }})
    {%- endif -%}
{%- endmacro %}


{% macro snowflake__json_text(json, keys) -%}
    cast({{ snowflake__json_inside(json, keys) }} as varchar)
{%- endmacro %}


{% macro snowflake__json_inside(json, keys) -%}
    {%- if keys -%}
        get_path({{ json }}, '"{{ keys | join('"."') }}"')
    {%- else -%}
        {{ json }}
    {%- endif -%}
{%- endmacro %}


{% macro snowflake__each_element(list) -%}
    , lateral flatten(input => {{ list }}) as element
{%- endmacro %}


{% macro snowflake__element_value() -%}
    element.value
{%- endmacro %}


{% macro snowflake__element_position() -%}
    element.index + 1
{%- endmacro %}


{% macro snowflake__present_moment() -%}
    sysdate()
{%- endmacro %}
