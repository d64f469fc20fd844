"""The command `lightspeed-sandbox warehouse`, and how `run` comes to a warehouse."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lightspeed_sandbox import warehouse
from lightspeed_sandbox.warehouse import WarehouseError

app = typer.Typer(help="The local warehouse: a PostgreSQL server for trying out.", no_args_is_help=True)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Directory = Annotated[
    Path | None, typer.Option("--warehouse", help="Its folder; default: .demo/warehouse beside meltano.yml.")
]


def variables_for_run(directory: Path | None, *, wanted: bool) -> AbstractContextManager[Mapping[str, str]]:
    """Variables that point `target-postgres` at a warehouse, which runs as long as the context lasts.

    There are none where it is not wanted, where the developer has a database set up in the environment, and, unless a
    folder is named, where there is no Meltano project at hand or the extra `warehouse` is not installed.

    Args:
        directory: The folder that was named.
        wanted: Whether one is wanted at all.
    """
    has_one = any(name.startswith("TARGET_POSTGRES_") for name in os.environ)
    at_hand = warehouse.installed() and warehouse.find_project() is not None
    if not wanted or (directory is None and (has_one or not at_hand)):
        return nullcontext({})
    return _told(directory or warehouse.default_directory())


@app.command()
def url(directory: Directory = None) -> None:
    """Print its address for SQLAlchemy; it keeps running until `warehouse stop`."""
    with one_line_errors():
        server = warehouse.start(directory or warehouse.default_directory())
    typer.echo(server.url)
    if server.ours:
        err.print("It runs until: lightspeed-sandbox warehouse stop")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, directory: Directory = None) -> None:
    """Open psql in it; further arguments go to psql, as in: warehouse psql -c 'select 1'."""
    options = {"PGOPTIONS": "-c search_path=lightspeed,public", "PGTZ": "UTC"}
    with one_line_errors(), warehouse.running(directory or warehouse.default_directory()) as server:
        command = [*server.psql, *context.args]
        done = subprocess.run(command, env={**os.environ, **options}, check=False)
    raise typer.Exit(done.returncode)


@app.command()
def stop(
    *,
    directory: Directory = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete its data as well.")] = False,
) -> None:
    """Stop it; its data stay."""
    place = directory or warehouse.default_directory()
    with one_line_errors():
        if delete:
            err.print("Deleted." if warehouse.delete(place) else "There was none.")
        else:
            err.print("Stopped." if warehouse.stop(place) else "It was not running.")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What is wrong with the warehouse is told in one line."""
    try:
        yield
    except WarehouseError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None


@contextmanager
def _told(directory: Path) -> Iterator[Mapping[str, str]]:
    """A warehouse, and where it is."""
    with one_line_errors(), warehouse.running(directory) as server:
        err.print(f"Warehouse in {server.directory}, see: lightspeed-sandbox warehouse psql", markup=False)
        if server.directory != directory.expanduser().resolve():
            err.print(f"It is there because PostgreSQL does not run as root, and only root can enter {directory}.")
        yield server.variables
