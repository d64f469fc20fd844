"""How `lightspeed-retail verify` goes: it says its price, asks, compares, and ends with a code that says the result."""

from __future__ import annotations

import functools
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from lightspeed_retail import connection
from lightspeed_retail.client import Client
from lightspeed_retail.errors import LightspeedError, SettingsError
from lightspeed_retail.loader import address, schema_name
from lightspeed_retail.verify import telling
from lightspeed_retail.verify.comparison import Comparison
from lightspeed_retail.verify.price import Price
from lightspeed_retail.verify.tables import Tables
from lightspeed_retail.verify.verification import Verification, Wanted

DIFFERENT, FAILED = 1, 2
"""Exit codes: something differs; nothing can be said."""


@dataclass(frozen=True)
class Command:
    """A call of the command.

    Args:
        settings: Where the settings of the connection come from.
        wanted: What is to be compared.
        database: Address of the warehouse; None for the loader's.
        schema: Its schema; None for the loader's.
        max_drips: The most to spend; None for hardly more than is announced.
        is_agreed: Whether nobody needs to be asked.
        reporter: Where results go, in lines for people; None for JSON on standard output.
    """

    settings: Callable[[], Mapping[str, Any]]
    wanted: Wanted
    database: str | None
    schema: str | None
    max_drips: int | None
    is_agreed: bool
    reporter: Console | None

    def run(self) -> int:
        """Compare, and say what was found; the exit code."""
        logging.getLogger("lightspeed_retail").addHandler(logging.NullHandler())
        try:
            return self._compare()
        except LightspeedError as error:
            _tell(_errors(), [str(error)])
            return FAILED

    def _compare(self) -> int:
        tables = Tables(address(self.database), schema_name(self.schema))
        client = connection.connect(self.settings())
        verification = Verification(client, tables, self.wanted)
        price = verification.price()
        self._agree(price, client)
        taken = []
        watched = telling.Progress(client, price, functools.partial(_tell, _errors())).watched
        for comparison in verification.run(price, self.max_drips or price.most, watched):
            taken.append(comparison)
            _tell(self.reporter, telling.comparison(comparison))
        return self._end(client, price, taken)

    def _agree(self, price: Price, client: Client) -> None:
        """Say what it costs, and see that this is agreed on.

        Raises:
            SettingsError: It is not, or nobody can be asked.
        """
        _tell(_errors(), telling.price(price, client))
        if self.max_drips is not None and price.drips > self.max_drips:
            raise SettingsError(f"That is more than --max-drips {self.max_drips}: name fewer streams, or say --since.")
        if self.is_agreed:
            return
        if not sys.stdin.isatty():
            raise SettingsError("Nothing was compared: say --yes to go ahead.")
        if not typer.confirm("Go ahead?", err=True):
            raise SettingsError("Nothing was compared.")

    def _end(self, client: Client, price: Price, taken: list[Comparison]) -> int:
        """Say what all have found and cost."""
        left = telling.unfinished(price, taken)
        differ = any(not each.is_equal for each in taken)
        if self.reporter is None:
            typer.echo(json.dumps(telling.summary(client, price, taken)))
        _tell(self.reporter, telling.end(client, price, left, differ=differ))
        if differ:
            return DIFFERENT
        return FAILED if left else 0


def _errors() -> Console:
    return Console(stderr=True, soft_wrap=True, highlight=False)


def _tell(console: Console | None, lines: Iterable[str]) -> None:
    if console is not None:
        for line in lines:
            console.print(Text(line))
