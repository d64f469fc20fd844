"""The command `tap-lightspeed-retail-plan`: what a run would ask, what it would cost, and how long it would take."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from typing import IO, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from singer_sdk import Stream

from lightspeed_retail import scopes
from lightspeed_retail.commanding import told_in_a_line
from lightspeed_retail.resources import Resource
from tap_lightspeed_retail import documents, meltano
from tap_lightspeed_retail.costs import Basis, Estimate, Pace, Walk, duration
from tap_lightspeed_retail.estimate import estimate
from tap_lightspeed_retail.sizes import Asked, Unasked
from tap_lightspeed_retail.tap import TapLightspeedRetail

_ENVIRONMENT = "ENV"
_WIDTH = 120
"""Columns where the output is no terminal."""

_NAMED = 8
"""Names in a line."""

_FIGURES = ("Rows", "Price a page", "Requests", "Drips")


@click.command(help="Say which walks a run would make, what each costs in drips, and how long it would take.")
@click.option(
    "--config",
    multiple=True,
    default=(_ENVIRONMENT,),
    callback=TapLightspeedRetail.cb_config,
    help="File with settings, or ENV for the environment, which is the default; repeatable.",
)
@click.option("--catalog", type=click.File(), help="Singer catalog. Default: Meltano's selection, else the tap's own.")
@click.option("--state", type=click.File(), help="Singer state, or what meltano state get prints.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--offline", is_flag=True, help="Ask nothing of the API: sizes are those that the state knows.")
def command(*, config: Any, catalog: IO[str] | None, state: IO[str] | None, as_json: bool, offline: bool) -> None:
    """Plan a run."""
    tap = _tap(config, documents.catalog(catalog), _inner(documents.state(state)))
    sizes = Unasked() if offline else Asked(tap.run)
    needed = _scopes(tap.streams)
    found = estimate(tap.run, sizes)
    spent = 0.0 if offline else float(tap.run.client.spent)
    summary = _summary(found, sizes.pace, spent, needed)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        _show(found, sizes.pace, summary)


def _tap(config: Any, catalog: dict[str, Any] | None, state: dict[str, Any] | None) -> TapLightspeedRetail:
    """The tap with everything that a run would have."""
    chosen = meltano.patterns(os.environ)
    if catalog is None and chosen:
        plain = TapLightspeedRetail(config=config.config, parse_env_config=config.parse_env)
        catalog = meltano.select(plain.catalog_dict, chosen)
    tap = TapLightspeedRetail(config=config.config, state=state, catalog=catalog, parse_env_config=config.parse_env)
    tap.run.narrowing.check(tap.resources)
    return tap


def _inner(state: dict[str, Any] | None) -> dict[str, Any] | None:
    """The Singer state, which `meltano state get` wraps."""
    wrapped = (state or {}).get("singer_state")
    return wrapped if isinstance(wrapped, dict) else state


def _scopes(streams: Mapping[str, Stream]) -> tuple[str, ...]:
    """The least scopes that the selected streams need, as far as they are declared."""
    declared = {resource.api.stream for resource in Resource.all()}
    return scopes.least(scopes.needs(name for name in declared if name in streams and streams[name].selected))


def _summary(found: Estimate, pace: Pace, spent: float, needed: Iterable[str]) -> dict[str, Any]:
    return {
        "walks": [walk.summary() for walk in found.walks],
        "requests": found.requests,
        "drips": float(found.drips),
        "seconds": round(pace.seconds(found.drips, found.requests), 1),
        "basis": found.word,
        "unknown": [walk.fed[0] for walk in found.unknown],
        "bucket": {"size": pace.size, "drip_rate": pace.drip_rate},
        "spent": spent,
        "scopes": list(needed),
    }


def _show(found: Estimate, pace: Pace, summary: dict[str, Any]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    table = Table("Streams", "Walk", box=None, header_style="bold", pad_edge=False)
    for name in _FIGURES:
        table.add_column(name, justify="right")
    table.add_column("Size")
    for walk in found.walks:
        table.add_row(*_cells(walk))
    console.print(table)
    for line in _lines(found, pace, summary):
        console.print(Text(line), soft_wrap=True)


def _cells(walk: Walk) -> tuple[str, ...]:
    rows = "" if walk.size.rows is None or not walk.fed else f"{walk.size.rows:,}"
    basis = "" if not walk.fed else str(walk.size.basis)
    return ", ".join(walk.fed), str(walk.kind), rows, str(walk.price), f"{walk.requests:,}", f"{walk.drips:,}", basis


def _lines(found: Estimate, pace: Pace, summary: dict[str, Any]) -> Iterable[str]:
    seconds = duration(summary["seconds"])
    yield ""
    yield f"In all {found.word} {found.drips:,} drips in {found.requests:,} requests, and {found.word} {seconds}."
    yield f"The bucket holds {pace.size:g} drips and gets {pace.drip_rate:g} a second."
    if found.unknown:
        names = list(dict.fromkeys(walk.fed[0] for walk in found.unknown))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"Of unknown size, so counted with one page: {', '.join(names[:_NAMED])}{more}."
    if any(walk.size.basis is Basis.LEAST for walk in found.walks) and not found.unknown:
        yield "What has changed is not known beforehand: each walk through changes is counted with a page at the least."
    if summary["scopes"]:
        yield f"Scopes: {' '.join(summary['scopes'])}."
    yield f"This plan itself took {summary['spent']:g} drips." if summary["spent"] else "This plan asked nothing."


def main() -> None:
    """The entry point; a mistake of the user's is one line and exit code 1."""
    logging.getLogger().addHandler(logging.NullHandler())
    with told_in_a_line():
        command(prog_name="tap-lightspeed-retail-plan")


if __name__ == "__main__":
    main()
