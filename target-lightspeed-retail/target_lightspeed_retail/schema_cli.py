"""The command `target-lightspeed-retail-schema`: what the target accepts, stream by stream."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Sequence

from lightspeed_retail.resources import Resource
from target_lightspeed_retail.order import ordered
from target_lightspeed_retail.schemas import modes, schema_of

NAME = "target-lightspeed-retail-schema"


def accepted() -> dict[str, type[Resource]]:
    """The streams whose records are written, in the order in which that is done."""
    return {resource.api.stream: resource for resource in ordered() if any(modes(resource))}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the schema of one stream, of several by their names, or without a name a list of all streams."""
    parser = argparse.ArgumentParser(
        prog=NAME, description="Prints the JSON schema of what a stream accepts; without a stream, a list of them."
    )
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="a stream, such as customers; all for every one")
    known = accepted()
    asked: list[str] = parser.parse_args(arguments).streams
    named = list(known) if asked == ["all"] else asked
    unknown = [name for name in named if name not in known]
    if unknown:
        sys.stderr.write(_unknown(unknown[0], list(known)))
        return 1
    if not named:
        sys.stdout.writelines(f"{name}: {resource.summary()}\n" for name, resource in sorted(known.items()))
        return 0
    schemas = {name: schema_of(known[name]) for name in named}
    found = schemas if asked == ["all"] or len(named) > 1 else schemas[named[0]]
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


def command() -> None:
    """Run the command and end with its exit code."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, as in `... | head`; what is left is not worth another message at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else f": {NAME} without a name lists them."
    return f"The target does not write a stream {name}{meant}\n"


if __name__ == "__main__":
    command()
