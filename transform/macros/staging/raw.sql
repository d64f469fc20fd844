{#
  What is there at the time of compiling. Which tables and columns exist, and what they are called, depends on what is
  selected, on the tap's setting field_names, and on the loader: saleID, "saleID", sale_id and SALE_ID are all one.
#}

{#- A name by its letters and figures alone. -#}
{% macro folded(name) %}
    {%- do return(name | lower | replace('_', '')) -%}
{% endmacro %}


{#- A name of the API in snake case, as tap_lightspeed_retail.naming has it: saleID, calcFIFOCost, Contact.noEmail. -#}
{% macro snake_case(name) %}
    {%- set words = modules.re.sub('(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name) -%}
    {%- do return(words | lower | replace('.', '__')) -%}
{% endmacro %}


{#-
  The table of a stream: its relation, or none; its columns by their folded names; and whether fields have names in
  snake case, which is then true of those inside JSON as well.
-#}
{% macro raw_table(declared) %}
    {%- set table = namespace(relation=none, columns={}, snake=false) -%}
    {%- if execute -%}
        {%- set table.relation = adapter.get_relation(declared.database, declared.schema, declared.identifier) -%}
    {%- endif -%}
    {%- if table.relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(table.relation) -%}
            {%- do table.columns.update({folded(column.name): column}) -%}
        {%- endfor -%}
        {%- set key = table.columns.get('accountid') -%}
        {%- set table.snake = key is not none and '_' in key.name -%}
    {%- endif -%}
    {%- do return(table) -%}
{% endmacro %}


{#- What to select from: the table, or nothing at all where there is none. -#}
{% macro raw_rows(table) %}
    {%- if table.relation is none -%}
        (select 1 as nothing limit 0) as missing
    {%- else -%}
        {{ table.relation }}
    {%- endif -%}
{% endmacro %}


{#- A field as a value of its type, by its path in the names of the API; null where there is no such column. -#}
{% macro raw_value(table, path, type) %}
    {%- set column = table.columns.get(folded(path | replace('.', ''))) -%}
    {%- set owner = table.columns.get(folded(path.split('.')[0])) -%}
    {%- if column is not none -%}
        {{ typed(adapter.quote(column.name), type, column.data_type) }}
    {%- elif owner is not none and '.' in path -%}
        {{ json_value(as_json(adapter.quote(owner.name), owner.data_type), json_keys(path, table.snake)[1:], type) }}
    {%- else -%}
        {{ typed('null', type) }}
    {%- endif -%}
{% endmacro %}


{#- The keys that lead to a field inside JSON. -#}
{% macro json_keys(path, snake) %}
    {%- set keys = [] -%}
    {%- for key in path.split('.') -%}
        {%- do keys.append(snake_case(key) if snake else key) -%}
    {%- endfor -%}
    {%- do return(keys) -%}
{% endmacro %}


{#- When a row was last written into a table; the present moment, where there is no such table, or no row in it. -#}
{% macro last_loaded(declared) %}
    {%- set table = raw_table(declared) -%}
    select coalesce(max({{ raw_value(table, '_sdc_batched_at', 'datetime') }}), {{ present_moment() }})
    from {{ raw_rows(table) }}
{%- endmacro %}
