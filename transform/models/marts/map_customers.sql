{{ config(materialized='table') }}

{#
  Which records are one customer. Each record begins with its own number; in each round it takes the smallest number
  among those with which it has an identity in common. What is common to A and B, and to B and C, thus joins A and C.
#}

with records as (
    select * from {{ ref('int_customer_records') }}
),

round_0 as (
    select number, identity, number as smallest from {{ ref('int_customer_identities') }}
)
{%- for turn in range(1, var('customer_rounds', 8) + 1) %},

shared_{{ turn }} as (
    select number, identity, min(smallest) over (partition by identity) as smallest from round_{{ turn - 1 }}
),

round_{{ turn }} as (
    select number, identity, min(smallest) over (partition by number) as smallest from shared_{{ turn }}
)
{%- endfor %},

joined_up as (
    select distinct number, smallest from round_{{ var('customer_rounds', 8) }}
)

select
    records.account_id,
    records.customer_id,
    {{ dbt.concat([
        dbt.cast('eldest.account_id', dbt.type_string()), "'-'", dbt.cast('eldest.customer_id', dbt.type_string())
    ]) }} as customer_key
from records
inner join joined_up on records.number = joined_up.number
inner join records as eldest on joined_up.smallest = eldest.number
