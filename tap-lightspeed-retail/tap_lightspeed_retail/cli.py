"""The command `tap-lightspeed-retail`: the SDK's command line, with errors as one line for people."""

from __future__ import annotations

from lightspeed_retail.ending import ending_well

_NAME = "tap-lightspeed-retail"
_ROOM = 1024 * 1024
"""What standard output holds back at the most, in bytes: more than a page of records has, which so leaves in one piece.

Each write lets other threads go first, and comes to its end only after what they do.
"""


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 1."""
    with ending_well(_NAME, _ROOM):
        # It takes most of a second, in which a signal may come.
        from tap_lightspeed_retail.tap import TapLightspeedRetail  # noqa: PLC0415  signals count by now

        TapLightspeedRetail.cli()
