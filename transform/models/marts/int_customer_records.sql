{{ config(materialized='table', schema='staging') }}

{# Everybody who is a customer of an account: by a record of their own, or as the buyer of a sale whose record is gone. #}

with records as (
    select * from {{ ref('stg_customers') }} where not is_deleted
),

named as (
    select account_id, customer_id from records
    union distinct
    select account_id, customer_id from {{ ref('stg_sales') }} where not is_deleted and customer_id is not null
)

select
    named.account_id,
    named.customer_id,
    row_number() over (order by named.account_id, named.customer_id) as number,
    nullif(trim(records.first_name), '') as first_name,
    nullif(trim(records.last_name), '') as last_name,
    nullif(trim(records.company), '') as company,
    coalesce(records.archived, false) as is_archived,
    records.time_stamp
from named
left join records
    on named.account_id = records.account_id
    and named.customer_id = records.customer_id
