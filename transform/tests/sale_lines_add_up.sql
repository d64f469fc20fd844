{# The lines of a completed sale are the sale: lines keep all their figures, sales are rounded to cents. #}
with lines as (
    select account_id, sale_id, sum(net) as net, sum(tax) as tax, sum(total) as total
    from {{ ref('fct_sale_lines') }}
    group by account_id, sale_id
)

select sales.account_id, sales.sale_id, sales.net, lines.net as net_of_lines, sales.total, lines.total as total_of_lines
from {{ ref('fct_sales') }} as sales
inner join lines
    on sales.account_id = lines.account_id
    and sales.sale_id = lines.sale_id
where
    sales.sale_state = 'completed'
    and (
        abs(sales.net - lines.net) > 0.02
        or abs(sales.tax - lines.tax) > 0.02
        or (abs(sales.total - lines.total) > 0.02 and abs(sales.total - sales.surcharge - lines.total) > 0.02)
    )
