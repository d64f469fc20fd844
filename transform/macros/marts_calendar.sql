{# Days, hours and texts, as the marts need them; the warehouses say them differently. #}

{#- Every day from first_day to last_day of each row of a relation, as the column day_of_row; further columns come along. -#}
{% macro days_of(relation, columns) -%}
    {{ adapter.dispatch('days_of', 'lightspeed_retail')(relation, columns) }}
{%- endmacro %}

{% macro default__days_of(relation, columns) -%}
    select {{ columns | join(', ') }}, cast(each_day as date) as day_of_row
    from {{ relation }}
    cross join lateral generate_series(
        cast(first_day as timestamp), cast(last_day as timestamp), interval '1 day'
    ) as each_day
{%- endmacro %}

{% macro snowflake__days_of(relation, columns) -%}
    select {{ columns | join(', ') }}, dateadd(day, numbers.n, first_day) as day_of_row
    from {{ relation }}
    inner join (
        select row_number() over (order by seq4()) - 1 as n from table(generator(rowcount => 40000))
    ) as numbers
        on numbers.n <= datediff(day, first_day, last_day)
{%- endmacro %}

{% macro bigquery__days_of(relation, columns) -%}
    select {{ columns | join(', ') }}, day_of_row
    from {{ relation }}
    cross join unnest(generate_date_array(first_day, last_day)) as day_of_row
{%- endmacro %}


{#- The day that lies some days after another one; before it, where the number is negative. -#}
{% macro day_after(day, number) -%}
    cast({{ dbt.dateadd('day', number, day) }} as date)
{%- endmacro %}

{#- How many days lie between two: 1 from yesterday to today. -#}
{% macro days_between(first, last) -%}
    {{ dbt.datediff('cast(' ~ first ~ ' as date)', 'cast(' ~ last ~ ' as date)', 'day') }}
{%- endmacro %}


{#- The weekday of a date or date-time, from 1 for Monday to 7 for Sunday. -#}
{% macro weekday(moment) -%}
    {{ adapter.dispatch('weekday', 'lightspeed_retail')(moment) }}
{%- endmacro %}

{% macro default__weekday(moment) -%}
    cast(extract(isodow from {{ moment }}) as integer)
{%- endmacro %}

{% macro snowflake__weekday(moment) -%}
    dayofweekiso({{ moment }})
{%- endmacro %}

{% macro bigquery__weekday(moment) -%}
    (mod(extract(dayofweek from {{ moment }}) + 5, 7) + 1)
{%- endmacro %}


{#- The figures of a text: those of a phone number. -#}
{% macro figures(text) -%}
    {{ adapter.dispatch('figures', 'lightspeed_retail')(text) }}
{%- endmacro %}

{% macro default__figures(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}

{% macro snowflake__figures(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '')
{%- endmacro %}

{% macro bigquery__figures(text) -%}
    regexp_replace({{ text }}, r'[^0-9]', '')
{%- endmacro %}


{#- The later of two moments; where one is missing, the other. -#}
{% macro later_of(first, second) -%}
    case
        when {{ first }} is null then {{ second }}
        when {{ second }} is null then {{ first }}
        when {{ first }} > {{ second }} then {{ first }}
        else {{ second }}
    end
{%- endmacro %}

{#- The smaller of two numbers; where one is missing, the other. -#}
{% macro smaller_of(first, second) -%}
    case
        when {{ first }} is null then {{ second }}
        when {{ second }} is null then {{ first }}
        when {{ first }} < {{ second }} then {{ first }}
        else {{ second }}
    end
{%- endmacro %}
