"""The command `target-lightspeed-retail`: the SDK's command line, with errors as one line for people."""

from __future__ import annotations

import logging
import sys

from lightspeed_retail.errors import LightspeedError
from target_lightspeed_retail.target import TargetLightspeedRetail


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 1."""
    try:
        TargetLightspeedRetail.cli()
    except LightspeedError as error:
        logging.getLogger(TargetLightspeedRetail.name).error("%s", error)  # noqa: TRY400  one line for people
        sys.exit(1)
