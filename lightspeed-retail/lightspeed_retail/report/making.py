"""Makes the report: both pages, of one moment, into one file."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.report.loaded import account_currency
from lightspeed_retail.report.pages import html
from lightspeed_retail.report.pipeline import Files, PipelinePage
from lightspeed_retail.report.sales import SalesPage
from lightspeed_retail.report.warehouse import opened
from lightspeed_retail.report.words import Currency

_READABLE = 0o644


@dataclass(frozen=True, kw_only=True)
class Order:
    """What report is wanted.

    Args:
        database: The address of the warehouse.
        schema: The schema of the marts.
        raw_schema: The schema into which the loader writes.
        account: The account; None for all.
        currency: The sign of the currency; None for that of the account.
        title: What the report is called.
        last: The last day.
        days: How many days.
        stale: The age from which on rows are old.
        files: What else is known of runs.
    """

    database: str | URL
    schema: str
    raw_schema: str
    account: int | None = None
    currency: str | None = None
    title: str = "Retail report"
    last: date | None = None
    days: int = 365
    stale: timedelta = timedelta(hours=36)
    files: Files = field(default_factory=Files)


def report(order: Order) -> str:
    """The text of a report.

    Raises:
        SettingsError: The warehouse or a file can't be read.
    """
    now = datetime.now(UTC)
    with opened(order.database, order.schema, order.raw_schema, order.account) as warehouse:
        sign = order.currency if order.currency is not None else account_currency(warehouse)
        currency = Currency.of(sign)
        # What is wrong with the files is told before anything is drawn.
        pipeline = PipelinePage(warehouse, currency, order.files, now, order.stale)
        # A shop east of here may already have tomorrow.
        last = order.last or now.date() + timedelta(days=1)
        pages = [SalesPage(warehouse, currency, last, order.days).page(), pipeline.page()]
    return html(pages, order.title, now)


def write(text: str, path: Path) -> None:
    """Write a file in one piece: who reads it meanwhile sees the old one or the new one.

    Raises:
        SettingsError: It can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else _READABLE)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(f"--output: {path} cannot be written ({error.strerror or error}).") from None
