{{ config(materialized='table', schema='staging') }}

{#
  What tells that two records are the same customer: an email address; or a phone number with the same last name, because
  families and companies share numbers. What more than a few records of an account have in common tells nothing: it is a
  placeholder, or the till's own number.
#}

with records as (
    select * from {{ ref('int_customer_records') }}
),

emails as (
    select distinct
        records.number,
        records.account_id,
        {{ dbt.concat(["'email '", 'lower(trim(emails.address))']) }} as identity
    from {{ ref('stg_customer_emails') }} as emails
    inner join records
        on emails.account_id = records.account_id
        and emails.customer_id = records.customer_id
    where not emails.is_deleted and emails.address like '%_@_%'
),

phones as (
    select distinct
        records.number,
        records.account_id,
        lower(records.last_name) as last_name,
        {{ dbt.right(figures('phones.number'), 9) }} as phone
    from {{ ref('stg_customer_phones') }} as phones
    inner join records
        on phones.account_id = records.account_id
        and phones.customer_id = records.customer_id
    where not phones.is_deleted and {{ dbt.length(figures('phones.number')) }} >= 7
),

owners as (
    select phone, count(distinct last_name) as last_names, max(last_name) as last_name
    from phones
    group by phone
),

identities as (
    select number, account_id, identity from emails
    union all
    select
        phones.number,
        phones.account_id,
        {{ dbt.concat(["'phone '", 'phones.phone', "' '", "coalesce(phones.last_name, owners.last_name, '')"]) }} as identity
    from phones
    inner join owners on phones.phone = owners.phone
    where phones.last_name is not null or owners.last_names <= 1
),

counted as (
    select identity, max(times) as times
    from (select identity, account_id, count(*) as times from identities group by identity, account_id) as in_accounts
    group by identity
)

select identities.number, identities.identity
from identities
inner join counted on identities.identity = counted.identity
where counted.times <= {{ var('customer_identity_limit', 10) }}
union all
select number, {{ dbt.concat(["'record '", dbt.cast('number', dbt.type_string())]) }} as identity
from records
