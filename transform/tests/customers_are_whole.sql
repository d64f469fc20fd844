{# Records with an identity in common are one customer; if not, the variable customer_rounds is too small. #}
select identities.identity, count(distinct customers.customer_key) as customers
from {{ ref('int_customer_identities') }} as identities
inner join {{ ref('int_customer_records') }} as records on identities.number = records.number
inner join {{ ref('map_customers') }} as customers
    on records.account_id = customers.account_id
    and records.customer_id = customers.customer_id
group by identities.identity
having count(distinct customers.customer_key) > 1
