with records as (
    select
        records.*,
        customers.customer_key,
        -- The record that speaks for the customer: the one that was changed last, before those that are archived.
        row_number() over (
            partition by customers.customer_key
            order by
                case when records.is_archived then 1 else 0 end,
                case when records.time_stamp is null then 1 else 0 end,
                records.time_stamp desc,
                records.number
        ) as place
    from {{ ref('int_customer_records') }} as records
    inner join {{ ref('map_customers') }} as customers
        on records.account_id = customers.account_id
        and records.customer_id = customers.customer_id
),

emails as (
    select
        records.customer_key,
        emails.address,
        row_number() over (
            partition by records.customer_key
            order by records.place, case when emails.use_type = 'Primary' then 0 else 1 end, emails.position
        ) as place
    from {{ ref('stg_customer_emails') }} as emails
    inner join records
        on emails.account_id = records.account_id
        and emails.customer_id = records.customer_id
    where not emails.is_deleted and emails.address <> ''
),

phones as (
    select
        records.customer_key,
        phones.number,
        row_number() over (
            partition by records.customer_key
            order by records.place, case when phones.use_type = 'Mobile' then 0 else 1 end, phones.position
        ) as place
    from {{ ref('stg_customer_phones') }} as phones
    inner join records
        on phones.account_id = records.account_id
        and phones.customer_id = records.customer_id
    where not phones.is_deleted and phones.number <> ''
),

customers as (
    select customer_key, count(distinct account_id) as accounts, count(*) as records
    from records
    group by customer_key
),

sales as (
    select
        customer_key,
        min(case when not is_refund then completed_at end) as first_purchase_at,
        max(case when not is_refund then completed_at end) as last_purchase_at,
        sum(case when not is_refund then 1 else 0 end) as sales,
        sum(net) as lifetime_value
    from {{ ref('fct_sales') }}
    where sale_state = 'completed' and customer_key is not null
    group by customer_key
),

buyers as (
    select
        sales.*,
        {{ days_between('sales.last_purchase_at', 'today.as_of') }} as recency_days
    from sales
    cross join (select max(as_of) as as_of from {{ ref('int_as_of') }}) as today
    where sales.sales > 0
),

-- Fifths of all who have bought something, the best of them 5; equals are in the same one.
scored as (
    select
        customer_key,
        recency_days,
        cast(1 + floor(5.0 * (rank() over (order by recency_days desc) - 1) / count(*) over ()) as integer) as recency,
        cast(1 + floor(5.0 * (rank() over (order by sales) - 1) / count(*) over ()) as integer) as frequency,
        cast(1 + floor(5.0 * (rank() over (order by lifetime_value) - 1) / count(*) over ()) as integer) as monetary
    from buyers
)

select
    customers.customer_key,
    coalesce(
        nullif(trim({{ dbt.concat([
            "coalesce(spoken_for.first_name, '')", "' '", "coalesce(spoken_for.last_name, '')"
        ]) }}), ''),
        spoken_for.company,
        {{ dbt.concat(["'Customer '", dbt.cast('spoken_for.customer_id', dbt.type_string())]) }}
    ) as display_name,
    spoken_for.first_name,
    spoken_for.last_name,
    spoken_for.company,
    emails.address as email,
    phones.number as phone,
    customers.accounts,
    customers.records,
    sales.first_purchase_at,
    sales.last_purchase_at,
    coalesce(sales.sales, 0) as sales,
    coalesce(sales.lifetime_value, 0) as lifetime_value,
    scored.recency_days,
    scored.recency,
    scored.frequency,
    scored.monetary,
    case
        when scored.recency is null then 'none'
        when scored.recency >= 4 and scored.frequency >= 4 then 'champion'
        when scored.recency >= 3 and scored.frequency >= 4 then 'loyal'
        when scored.recency >= 4 then 'promising'
        when scored.recency = 3 then 'regular'
        when scored.frequency >= 3 then 'at risk'
        else 'lost'
    end as rfm_class
from customers
inner join records as spoken_for
    on customers.customer_key = spoken_for.customer_key
    and spoken_for.place = 1
left join emails
    on customers.customer_key = emails.customer_key
    and emails.place = 1
left join phones
    on customers.customer_key = phones.customer_key
    and phones.place = 1
left join sales on customers.customer_key = sales.customer_key
left join scored on customers.customer_key = scored.customer_key
