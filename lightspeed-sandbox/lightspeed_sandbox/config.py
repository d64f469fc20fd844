"""How a sandbox is set up; each field is an option of the command line too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.limits import bucket_size, drip_rate
from lightspeed_sandbox.names import resource_of

CLIENT_ID = "sandbox-client"
CLIENT_NAME = "Sandbox client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105  the sandbox has no secrets; a client wants one to send


@dataclass(frozen=True, kw_only=True)
class Config:
    """The set-up of a sandbox."""

    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine can reach 0.0.0.0.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0
    data: Annotated[
        Path | None, typer.Option(help="SQLite file to keep the data in; one that exists is used as it is.")
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of the made-up retailer.")] = 1
    days: Annotated[int, typer.Option(help="Days of history.", min=1)] = 365
    sales_per_day: Annotated[int, typer.Option(help="Sales a day, all shops together.", min=0)] = 50
    bulk_sales: Annotated[
        int, typer.Option(help="Plain sales in the years before the history, to measure with; made in seconds.", min=0)
    ] = 0
    tax_inclusive: Annotated[
        bool, typer.Option("--tax-inclusive", help="The last shop states its prices with the tax in them.")
    ] = False
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which the sandbox starts, UTC.")
    ] = None
    recorded: Annotated[
        Path | None, typer.Option(help="Folder of recorded answers to serve instead of a made-up retailer.")
    ] = None
    empty: Annotated[
        bool,
        typer.Option(
            "--empty", help="The made-up retailer's account as it is set up, without goods, customers and trade."
        ),
    ] = False
    account: Annotated[
        int | None, typer.Option(help="Id of the account, so that two sandboxes can have different ones.", min=1)
    ] = None
    registers: Annotated[int, typer.Option(help="Registers of the subscription: they set the limits.", min=1)] = 1
    bucket_size: Annotated[float | None, typer.Option(help="Drips that the bucket holds, if not by registers.")] = None
    drip_rate: Annotated[float | None, typer.Option(help="Drips a second that leak out, if not by registers.")] = None
    time_scale: Annotated[float, typer.Option(help="How many times faster limits and tokens run.", min=0.001)] = 1.0
    expires_in: Annotated[int, typer.Option(help="Seconds that an access token lasts.", min=1)] = 3600
    redirect_uri: Annotated[
        str, typer.Option(help="Where the browser goes after consent: the client's registered redirect address.")
    ] = "http://127.0.0.1:8766/callback"
    public_client: Annotated[
        bool, typer.Option("--public-client", help="The client is public: PKCE is a must, and the secret is not.")
    ] = False
    latency: Annotated[float, typer.Option(help="Seconds that every answer takes longer.", min=0.0)] = 0.0
    fault: Annotated[
        list[str],
        typer.Option(
            metavar="KIND:WHEN[:METHODS][:PATH]",
            help="A fault on every Nth request, on a share of them or on those with some numbers, of some methods or "
            "all, to some paths or all: 503:7, truncate:20, 504-after:30:POST, drop-after:0.05:POST,PUT, "
            "429-bare:#3-5:/Item*, slow-2.5:10, 500:#1:/oauth/token; repeatable. The README lists all kinds.",
        ),
    ] = field(default_factory=list)
    fault_seed: Annotated[int, typer.Option(help="Seed of the chance that decides on faults.")] = 1
    fail_every: Annotated[int | None, typer.Option(help="The same as --fault 503:N.", min=1)] = None
    log: Annotated[int, typer.Option(help="Requests that the log holds, the last ones; 0: no log.", min=0)] = 100_000
    refuse_filter: Annotated[list[str], typer.Option(help="A filter to answer with 400; repeatable.")] = field(
        default_factory=list
    )
    ignore_filter: Annotated[list[str], typer.Option(help="A filter to leave unheeded; repeatable.")] = field(
        default_factory=list
    )
    stale_answers: Annotated[
        bool,
        typer.Option("--stale-answers", help="Answers to PUT and DELETE carry the change stamp from before."),
    ] = False
    clock_off: Annotated[
        float, typer.Option(help="Seconds by which the server's clock is off: Date header, change stamps, tokens.")
    ] = 0.0
    tie: Annotated[
        list[str],
        typer.Option(
            metavar="STREAM:ROWS", help="Rows of a stream that have changed within one second: sales:250; repeatable."
        ),
    ] = field(default_factory=list)
    archiving_keeps_stamp: Annotated[
        bool, typer.Option("--archiving-keeps-stamp", help="Archiving a row does not move its change stamp.")
    ] = False
    deny: Annotated[list[str], typer.Option(help="A stream to answer with 403, whatever the scope; repeatable.")] = (
        field(default_factory=list)
    )

    @property
    def faults(self) -> list[str]:
        """All faults, however they were asked for."""
        return self.fault + ([f"503:{self.fail_every}"] if self.fail_every else [])

    @property
    def ties(self) -> list[tuple[type[Resource], int]]:
        """How many rows of which resources are to have one change stamp.

        Raises:
            ValueError: It is written otherwise, or there is no such stream.
        """
        return [_tie(text) for text in self.tie]

    @property
    def denied(self) -> frozenset[type[Resource]]:
        """The resources that nobody may read.

        Raises:
            ValueError: There is no stream of such a name.
        """
        unknown = [name for name in self.deny if resource_of(name) is None]
        if unknown:
            message = f"There is no stream {', '.join(unknown)} to deny."
            raise ValueError(message)
        return frozenset(filter(None, map(resource_of, self.deny)))

    @property
    def limits(self) -> tuple[float, float]:
        """Size and drip rate of the bucket."""
        size = bucket_size(self.registers) if self.bucket_size is None else self.bucket_size
        return size, drip_rate(self.registers) if self.drip_rate is None else self.drip_rate


def _tie(text: str) -> tuple[type[Resource], int]:
    stream, _, number = text.partition(":")
    resource = resource_of(stream)
    if resource is None or not number.isdecimal():
        message = f"Rows with one stamp are written like sales:250, not {text!r}."
        raise ValueError(message)
    return resource, int(number)
