with owners as (
select
`accountID` as account_id,
`customerID` as customer_id,
datetime(`_sdc_deleted_at`, 'UTC') is not null as is_deleted,
cast(null as datetime) as extracted_at,
cast(null as datetime) as loaded_at,
to_json(`Tags`) as list
from raw.customers
)
select
owners.account_id,
owners.customer_id,
element_offset + 1 as position,
json_value(element, '$') as value,
owners.is_deleted,
owners.extracted_at,
owners.loaded_at
from owners
cross join unnest(json_query_array(owners.list)) as element with offset as element_offset
