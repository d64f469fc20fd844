"""The command `lightspeed-retail verify`: its options."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from lightspeed_retail.commanding import (
    DEFAULT_PREFIX,
    ConfigFile,
    Format,
    FormatOption,
    Prefix,
    new_console,
    settings_of,
)

_DAY = "%Y-%m-%d"
_MOMENTS = [_DAY, f"{_DAY}T%H:%M:%S", f"{_DAY}T%H:%M:%SZ", f"{_DAY}T%H:%M:%S%z"]

Stream = Annotated[
    list[str] | None,
    typer.Option(help="Stream to compare, or a pattern such as 'sale*'; repeatable. Default: sales and short lists."),
]
Since = Annotated[datetime | None, typer.Option(formats=[_DAY], help="Compare what has come about since this day.")]
Loaded = Annotated[
    datetime | None,
    typer.Option(
        formats=_MOMENTS,
        help="When the last load began, UTC: what changed later is left out. Default: the newest stamp of each table.",
    ),
]
Warehouse = Annotated[
    str | None, typer.Option(help="Address of the warehouse. Default: that of target-postgres, by its variables.")
]
Schema = Annotated[str | None, typer.Option(help="Schema of the tables. Default: the loader's, or lightspeed.")]
MostDrips = Annotated[int | None, typer.Option(min=1, help="Spend no more drips than this.")]
Yes = Annotated[bool, typer.Option("--yes", help="Go ahead without being asked.")]


def verify(  # noqa: PLR0913  each is an option of the command
    *,
    stream: Stream = None,
    since: Since = None,
    loaded_at: Loaded = None,
    database: Warehouse = None,
    schema: Schema = None,
    max_drips: MostDrips = None,
    yes: Yes = False,
    format_: FormatOption = Format.TEXT,
    prefix: Prefix = DEFAULT_PREFIX,
    config: ConfigFile = None,
) -> None:
    """Compare keys, change stamps and daily totals of account and warehouse; it says its price and asks first.

    Exit code 0: they agree. 1: they differ. 2: it could not be found out.
    """
    # SQLAlchemy takes a while to load, and the other commands do without it.
    from lightspeed_retail.verify.command import Command  # noqa: PLC0415  said above
    from lightspeed_retail.verify.verification import Wanted  # noqa: PLC0415  as above

    command = Command(
        settings=lambda: settings_of(prefix, config),
        wanted=Wanted(tuple(stream or ()), since.date() if since else None, _in_utc(loaded_at)),
        database=database,
        schema=schema,
        max_drips=max_drips,
        is_agreed=yes,
        reporter=None if format_ is Format.JSON else new_console(),
    )
    raise typer.Exit(command.run())


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
