"""The steps of a night by hand, without a scheduler: python -m lightspeed_nightly --help."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from lightspeed_nightly import simulation
from lightspeed_nightly.night import Night
from lightspeed_nightly.preparing import PreparationError
from lightspeed_nightly.settings import Settings, SettingsError, table


def main(given: Sequence[str] | None = None) -> int:
    """Run a command; 1 if an account was not loaded, or a setting is wrong."""
    words = list(sys.argv[1:] if given is None else given)
    if words[:1] == ["simulate"]:
        return simulation.main(words[1:])
    asked = _parser().parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        return _COMMANDS[asked.command](asked)
    except (SettingsError, PreparationError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lightspeed_nightly", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("settings", help="All settings, as a table.")
    commands.add_parser("accounts", help="The accounts in their groups, as JSON.")
    commands.add_parser("prepare", help="Make the tables.")
    load = commands.add_parser("load", help="Load accounts, one after the other.")
    load.add_argument("accounts", metavar="ACCOUNT", type=int, nargs="+")
    load.add_argument(
        "--night", default=f"by-hand-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}", help="What to keep it under."
    )
    summary = commands.add_parser("summary", help="How a night went.")
    summary.add_argument("night")
    summary.add_argument("--json", action="store_true")
    commands.add_parser("simulate", help="How long a night takes, and what it costs.", add_help=False)
    return parser


def _settings(_asked: argparse.Namespace) -> int:
    sys.stdout.write(f"{table()}\n")
    return 0


def _accounts(_asked: argparse.Namespace) -> int:
    night = Night(Settings.from_environment(), "")
    night.runs.make()
    sys.stdout.write("".join(f"{json.dumps(group)}\n" for group in night.groups()))
    return 0


def _prepare(_asked: argparse.Namespace) -> int:
    found = Night(Settings.from_environment(), "").prepare()
    sys.stdout.write(f"{found.streams} streams have their tables; it took {found.seconds:.0f} s.\n")
    return 0


def _load(asked: argparse.Namespace) -> int:
    night = Night(Settings.from_environment(), asked.night)
    night.runs.make()
    night.load(asked.accounts)
    found = night.summary(asked.accounts)
    sys.stdout.write(f"{found}\n")
    return 0 if found.is_good else 1


def _summary(asked: argparse.Namespace) -> int:
    found = Night(Settings.from_environment(), asked.night).summary([])
    sys.stdout.write(f"{json.dumps(found.document()) if asked.json else found}\n")
    return 0 if found.is_good else 1


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "settings": _settings,
    "accounts": _accounts,
    "prepare": _prepare,
    "load": _load,
    "summary": _summary,
}

if __name__ == "__main__":
    sys.exit(main())
