"""The command `lightspeed-retail report`: its options."""

from __future__ import annotations

import importlib.util
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lightspeed_retail.commanding import new_console
from lightspeed_retail.errors import SettingsError

_PACKAGES = ("altair", "great_tables", "jinja2", "polars", "vl_convert")
_MARTS = "lightspeed_marts"

Warehouse = Annotated[
    str | None, typer.Option(help="Address of the warehouse. Default: that of target-postgres, by its variables.")
]
Schema = Annotated[str | None, typer.Option(help=f"Schema of the models. Default: DBT_POSTGRES_SCHEMA, or {_MARTS}.")]
RawSchema = Annotated[
    str | None, typer.Option(help="Schema of the loader's tables. Default: the loader's, or lightspeed.")
]
Output = Annotated[Path, typer.Option(help="File to write.")]
Account = Annotated[int | None, typer.Option(help="Number of the account. Default: all accounts, added up.")]
Money = Annotated[str | None, typer.Option(help="Sign before amounts, such as $. Default: that of the account.")]
Title = Annotated[str, typer.Option(help="Heading of the report.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day. Default: the last with sales.")]
Days = Annotated[int, typer.Option(min=1, max=3660, help="How many days to report on.")]
StaleHours = Annotated[float, typer.Option(min=0.1, help="Hours after which loaded rows are told to be old.")]
Bills = Annotated[Path | None, typer.Option(help="The tap's file of bills, as its setting bill_path names it.")]
Outcomes = Annotated[Path | None, typer.Option(help="The target's outcome file, as outcome_path names it.")]


def report(  # noqa: PLR0913  each is an option of the command
    *,
    output: Output = Path("report.html"),
    database: Warehouse = None,
    schema: Schema = None,
    raw_schema: RawSchema = None,
    account: Account = None,
    currency: Money = None,
    title: Title = "Retail report",
    until: Until = None,
    days: Days = 365,
    bills: Bills = None,
    outcomes: Outcomes = None,
    stale_hours: StaleHours = 36.0,
) -> None:
    """Write an HTML file to look at, of sales, stock, customers and the pipeline, out of the warehouse's models."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsError("The report needs an extra: pip install 'lightspeed-retail[report]'.")
    # They take seconds to load, and the other commands do without them.
    from lightspeed_retail.loader import address, schema_name  # noqa: PLC0415  said above

    place = address(database)
    from lightspeed_retail.report import making  # noqa: PLC0415  as above
    from lightspeed_retail.report.pipeline import Files  # noqa: PLC0415  as above

    order = making.Order(
        database=place,
        schema=schema or os.environ.get("DBT_POSTGRES_SCHEMA") or _MARTS,
        raw_schema=schema_name(raw_schema),
        account=account,
        currency=currency,
        title=title,
        last=until.date() if until else None,
        days=days,
        stale=timedelta(hours=stale_hours),
        files=Files(bills, outcomes),
    )
    making.write(making.report(order), output)
    new_console().print(output.absolute().as_uri())
