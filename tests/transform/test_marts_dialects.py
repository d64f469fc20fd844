"""What the marts say otherwise in Snowflake and BigQuery, as these would get it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transform.dialects import Adapter, macros

SAID: dict[str, dict[str, Any]] = {
    "snowflake": {
        "weekday": "dayofweekiso(sold_at)",
        "figures": "regexp_replace(sold_at, '[^0-9]', '')",
        "days_of": (
            "select shop, dateadd(day, numbers.n, first_day) as day_of_row from histories inner join ( "
            "select row_number() over (order by seq4()) - 1 as n from table(generator(rowcount => 40000)) ) as numbers "
            "on numbers.n <= datediff(day, first_day, last_day)"
        ),
    },
    "bigquery": {
        "weekday": "(mod(extract(dayofweek from sold_at) + 5, 7) + 1)",
        "figures": "regexp_replace(sold_at, r'[^0-9]', '')",
        "days_of": (
            "select shop, day_of_row from histories "
            "cross join unnest(generate_date_array(first_day, last_day)) as day_of_row"
        ),
    },
}
GIVEN: dict[str, tuple[Any, ...]] = {
    "weekday": ("sold_at",),
    "figures": ("sold_at",),
    "days_of": ("histories", ["shop"]),
}


@pytest.mark.parametrize("macro", GIVEN)
@pytest.mark.parametrize("dialect", SAID)
def test_it_is_said_as_the_warehouse_wants_it(dialect: str, macro: str) -> None:
    names = macros()
    names["adapter"] = Adapter(dialect, '"', {})
    assert " ".join(str(names[macro](*GIVEN[macro])).split()) == SAID[dialect][macro]
