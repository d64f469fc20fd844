"""The command `lightspeed-sandbox`."""

from __future__ import annotations

import functools
import inspect
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, get_type_hints

import typer
from rich.console import Console

from lightspeed_sandbox import warehouse_cli
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.demo_cli import demo
from lightspeed_sandbox.errors import ApiError
from lightspeed_sandbox.many import Sandboxes
from lightspeed_sandbox.programs import search_path
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.warehouse_cli import Directory, variables_for_run

app = typer.Typer(
    help="The Lightspeed Retail API as a local server, for trying out and for testing.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(warehouse_cli.app, name="warehouse")
app.command()(demo)
err = Console(stderr=True)

_DEFAULT_PORT = 8765
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_COMMAND_NOT_FOUND = 127
_ACCOUNTS = "LIGHTSPEED_SANDBOX_ACCOUNTS"

ManyAccounts = Annotated[
    int | None,
    typer.Option(
        "--accounts",
        help="Serve so many accounts of different size; --account is the id of the first (200001), --data a folder.",
        min=1,
    ),
]


def with_options(**defaults: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command an option for every field of `Config`; it gets them as one, named `config`.

    Args:
        defaults: Defaults that differ from those of `Config`.
    """
    hints = get_type_hints(Config, include_extras=True)
    options = [_option(field, hints[field.name], defaults) for field in fields(Config)]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in inspect.signature(command, eval_str=True).parameters.items()
            if name != "config"
        ]

        @functools.wraps(command)
        def wrapped(**values: Any) -> Any:
            config = Config(**{option.name: values.pop(option.name) for option in options})
            return command(config=config, **values)

        parameters = [*own, *options]
        vars(wrapped)["__signature__"] = inspect.Signature(parameters)
        wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapped

    return decorate


def _option(field: Field[Any], hint: Any, defaults: Mapping[str, Any]) -> inspect.Parameter:
    default = field.default if field.default is not MISSING else []
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=defaults.get(field.name, default),
        annotation=hint,
    )


@app.command()
@with_options(port=_DEFAULT_PORT)
def serve(config: Config, *, accounts: ManyAccounts = None) -> None:
    """Serve until interrupted; one line of JSON on stdout says where and with which credentials."""
    serving, stopped = threading.Event(), threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.set()
        if not serving.is_set():
            # There may be years to make up yet.
            sys.exit(128 + number)

    for number in _SIGNALS:
        signal.signal(number, stop)
    with _running(config, accounts) as sandbox:
        serving.set()
        variables = sandbox.environment()
        err.print(f"Lightspeed Retail sandbox at [bold]{sandbox.url}[/bold] ({_served(sandbox)}).")
        err.print("To use it, set these variables; stop with Ctrl-C:")
        for name, value in variables.items():
            err.print(f"  export {name}={value}", soft_wrap=True, highlight=False)
        tokens = {"accounts": sandbox.refresh_tokens()} if isinstance(sandbox, Sandboxes) else {}
        sys.stdout.write(json.dumps(variables | tokens) + "\n")
        sys.stdout.flush()
        stopped.wait()


@app.command()
@with_options()
def run(
    config: Config,
    command: Annotated[list[str], typer.Argument(help="The command, after --.")],
    *,
    accounts: ManyAccounts = None,
    directory: Directory = None,
    no_warehouse: Annotated[bool, typer.Option("--no-warehouse", help="Don't start the local warehouse.")] = False,
) -> None:
    """Run a command against a sandbox of its own, and end with its exit code."""
    with (
        _running(config, accounts) as sandbox,
        _tokens(sandbox) as tokens,
        variables_for_run(directory, wanted=not no_warehouse) as more,
    ):
        err.print(f"Lightspeed Retail sandbox at {sandbox.url} for: {' '.join(command)}", soft_wrap=True)
        code = run_command(command, {**sandbox.environment(), **tokens, **more, "PATH": search_path()})
    raise typer.Exit(code)


def _served(sandbox: Sandbox | Sandboxes) -> str:
    if isinstance(sandbox, Sandbox):
        return f"account {sandbox.account}"
    return f"accounts {min(sandbox.accounts)} to {max(sandbox.accounts)}"


@contextmanager
def _tokens(sandbox: Sandbox | Sandboxes) -> Iterator[dict[str, str]]:
    """The variable that names a file with a refresh token of each account, if there are many."""
    if isinstance(sandbox, Sandbox):
        yield {}
        return
    with tempfile.NamedTemporaryFile("w", prefix="accounts-", suffix=".json", encoding="utf-8") as file:
        json.dump(sandbox.refresh_tokens(), file)
        file.flush()
        yield {_ACCOUNTS: file.name}


def run_command(command: list[str], variables: Mapping[str, str]) -> int:
    """Run a command with more variables, hand signals on to it, and return its exit code as a shell would."""
    program = shutil.which(command[0], path=variables.get("PATH"))
    if program is None:
        err.print(f"There is no command {command[0]!r} on the PATH.")
        return _COMMAND_NOT_FOUND
    with _forwarding() as forward_to:
        process = subprocess.Popen([program, *command[1:]], env={**os.environ, **variables})
        forward_to(process)
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _running(config: Config, accounts: int | None = None) -> Iterator[Sandbox | Sandboxes]:
    """A sandbox that listens, of one or many accounts; what is wrong with the set-up is told in one line."""
    try:
        sandbox = (Sandbox(config) if accounts is None else Sandboxes(config, accounts)).start()
    except (ApiError, OSError, ValueError, sqlite3.Error) as error:
        err.print(f"The sandbox cannot start: {error}", soft_wrap=True)
        raise typer.Exit(1) from None
    try:
        yield sandbox
    finally:
        sandbox.stop()


@contextmanager
def _forwarding() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Hand signals on to a process; those that come before it has started wait for it."""
    processes: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the command as well; twice would end it the hard way.
        if number == signal.SIGINT and sys.stdin.isatty():
            return
        for process in processes:
            process.send_signal(number)
        if not processes:
            early.append(number)

    def forward_to(process: subprocess.Popen[bytes]) -> None:
        processes.append(process)
        for number in early:
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _SIGNALS}
    try:
        yield forward_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """The entry point."""
    app(prog_name=Path(sys.argv[0]).name)


if __name__ == "__main__":
    main()
