{# What the marts count, said once. #}

{#- Two amounts together; one that is missing counts as nothing, but two that are missing are no amount. -#}
{% macro both(first, second) -%}
    coalesce({{ first }} + {{ second }}, {{ first }}, {{ second }})
{%- endmacro %}

{#- What a piece cost: the average cost at the time of sale, or that of its lot where the variable cost_method is fifo. -#}
{% macro cost_of(line) -%}
    {{ line }}.{{ 'fifo_cost' if var('cost_method', 'average') == 'fifo' else 'avg_cost' }}
{%- endmacro %}

{#- What the goods of a sale cost, likewise. -#}
{% macro cost_of_sale(sale) -%}
    {{ sale }}.{{ 'calc_fifo_cost' if var('cost_method', 'average') == 'fifo' else 'calc_avg_cost' }}
{%- endmacro %}

{#- Whether more was given back than bought: the money goes to the customer, or would if the goods had cost any. -#}
{% macro gives_back(sale) -%}
    coalesce(nullif({{ sale }}.calc_total, 0), {{ sale }}.calc_subtotal, 0) < 0
{%- endmacro %}

{#- Whether a customer has bought something: a completed ticket that gives nothing back. -#}
{% macro is_purchase(sale) -%}
    ({{ sale }}.sale_state = 'completed' and not ({{ gives_back(sale) }}))
{%- endmacro %}
