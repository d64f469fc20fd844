"""The command `tap-lightspeed-retail`: the SDK's command line, with errors as one line for people."""

from __future__ import annotations

import logging
import sys

from lightspeed_retail.errors import LightspeedError
from tap_lightspeed_retail.messages import make_room
from tap_lightspeed_retail.tap import TapLightspeedRetail


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 1."""
    make_room()
    try:
        TapLightspeedRetail.cli()
    except LightspeedError as error:
        logging.getLogger(TapLightspeedRetail.name).log(logging.ERROR, "%s", error)
        sys.exit(1)
