{#
  What is net and the taxes are the total of a completed sale. Each of subtotal, discount, taxes and total is rounded to
  cents by itself, hence the two cents where prices include the taxes.
#}
select account_id, sale_id, net, tax, surcharge, total
from {{ ref('fct_sales') }}
where
    sale_state = 'completed'
    and abs(net + tax - total) > 0.02
    and abs(net + tax + surcharge - total) > 0.02
