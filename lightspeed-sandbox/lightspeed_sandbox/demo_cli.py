"""The command `lightspeed-sandbox demo`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from lightspeed_sandbox import warehouse
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.warehouse_cli import one_line_errors


def demo(
    days: Annotated[int, typer.Option(help="Days of history.", min=1)] = Config.days,
    sales_per_day: Annotated[int, typer.Option(help="Sales a day, all shops together.", min=0)] = Config.sales_per_day,
    seed: Annotated[int, typer.Option(help="Seed of the made-up retailer.")] = Config.seed,
) -> None:
    """Load a retailer's year from a sandbox into a warehouse, and show it; run again, a day has passed."""
    with one_line_errors():
        warehouse.require()
        # What it needs comes with the extra.
        from lightspeed_sandbox import demo as scene  # noqa: PLC0415  an extra brings what it needs

        project = warehouse.find_project()
        config = scene.config_for(project, days=days, sales_per_day=sales_per_day, seed=seed)
        try:
            whole = scene.show(config, Console(highlight=False, soft_wrap=True))
        except scene.DemoError as error:
            raise warehouse.WarehouseError(str(error)) from None
    raise typer.Exit(0 if whole else 1)
