"""The command `target-lightspeed-retail`: the SDK's command line, with errors as one line for people."""

from __future__ import annotations

import logging
import sys

from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.singerlib.exceptions import InvalidInputLine

from lightspeed_retail.errors import LightspeedError
from target_lightspeed_retail.target import TargetLightspeedRetail

_NOT_SINGER: dict[type[Exception], str] = {
    InvalidInputLine: "A line of the input is no Singer message: it is no JSON, or lacks what its type must have.",
    MissingKeyPropertiesError: "A record lacks a field that its stream says to be its key.",
    RecordsWithoutSchemaException: "A record came before the SCHEMA message of its stream.",
}


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 1."""
    try:
        TargetLightspeedRetail.cli()
    except LightspeedError as error:
        logging.getLogger(TargetLightspeedRetail.name).error("%s", error)  # noqa: TRY400  one line for people
        sys.exit(1)
    except tuple(_NOT_SINGER) as error:
        # The SDK's own texts hold whole records.
        logging.getLogger(TargetLightspeedRetail.name).error("%s", _NOT_SINGER[type(error)])  # noqa: TRY400  as above
        sys.exit(1)
