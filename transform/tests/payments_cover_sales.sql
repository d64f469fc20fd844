{# A sale cannot be completed before it is paid, to the cent; cash is rounded where the country has no small coins. #}
select account_id, sale_id, total, paid, cash_rounding
from {{ ref('fct_sales') }}
where sale_state = 'completed' and abs(total - paid) > abs(cash_rounding) + 0.005
