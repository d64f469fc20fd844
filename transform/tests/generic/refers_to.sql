{#- Rows that name another one which is not there; where nothing of its kind is loaded, there is nothing to be found. -#}
{% test refers_to(model, key, to) %}
    select distinct {% for column in key %}origin.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ model }} as origin
    left join {{ to }} as named
        on {% for column in key %}origin.{{ column }} = named.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    where
        named.{{ key | last }} is null
        and exists (select 1 from {{ to }})
        {%- for column in key %}
        and origin.{{ column }} is not null
        {%- endfor %}
{% endtest %}
