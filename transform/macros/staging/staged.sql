{#
  The staging model of a stream: every declared field typed, in snake case, whatever the loader made of it.

  stream: its name.
  fields: the path of each field in the names of the API, and its type; Contact.noEmail becomes contact__no_email.
#}
{% macro staged(stream, fields) %}
    {%- set table = raw_table(source('lightspeed_retail', stream)) -%}
    {%- if not execute -%}{%- do return('select 1 as nothing') -%}{%- endif -%}
    select
    {%- for path, type in fields.items() %}
        {{ raw_value(table, path, type) }} as {{ alias(path) }},
    {%- endfor %}
        {{ marks(table) }}
    from {{ raw_rows(table) }}
{%- endmacro %}


{#
  The staging model of a nested list: a row for each of its elements.

  stream: the stream whose records hold it.
  keys: the primary key of these.
  path: where it stands in a record.
  fields: the paths of the fields of an element and their types; a list of plain texts has one without a name.
#}
{% macro staged_list(stream, keys, path, fields) %}
    {%- set table = raw_table(source('lightspeed_retail', stream)) -%}
    {%- if not execute -%}{%- do return('select 1 as nothing') -%}{%- endif -%}
    with owners as (
        select
        {%- for key, type in keys.items() %}
            {{ raw_value(table, key, type) }} as {{ alias(key) }},
        {%- endfor %}
            {{ marks(table) }},
            {{ raw_value(table, path, 'json') }} as list
        from {{ raw_rows(table) }}
    )

    select
    {%- for key in keys %}
        owners.{{ alias(key) }},
    {%- endfor %}
        {{ element_position() }} as position,
    {%- for field, type in fields.items() %}
        {{ json_value(element_value(), json_keys(field, table.snake) if field else [], type) }} as {{ alias(field) }},
    {%- endfor %}
        owners.is_deleted,
        owners.extracted_at,
        owners.loaded_at
    from owners
    {{ each_element('owners.list') }}
{%- endmacro %}


{#- What a column is called: words that SQL keeps for itself are quoted; a list's plain text is called value. -#}
{% macro alias(path) %}
    {%- set name = snake_case(path) or 'value' -%}
    {{ adapter.quote(name) if name in ['default', 'order'] else name }}
{%- endmacro %}


{#- Whether a row is gone at its source, when it was read, and when it was loaded. -#}
{% macro marks(table) -%}
    {{ raw_value(table, '_sdc_deleted_at', 'datetime') }} is not null as is_deleted,
        {{ raw_value(table, '_sdc_extracted_at', 'datetime') }} as extracted_at,
        {{ raw_value(table, '_sdc_batched_at', 'datetime') }} as loaded_at
{%- endmacro %}
