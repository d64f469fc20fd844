{# Our totals are those of the accounting reports, on every day that is settled. #}
select *
from {{ ref('rpt_reconciliation') }}
where is_settled and abs(difference) > {{ var('reconciliation_tolerance', 0) }}
