{#- Rows whose key is not whole, or not theirs alone; keys begin with account_id. -#}
{% test keyed(model, key) %}
    select {{ key | join(', ') }}, count(*) as times
    from {{ model }}
    group by {{ key | join(', ') }}
    having count(*) > 1
    {%- for column in key %} or {{ column }} is null {%- endfor %}
{% endtest %}
