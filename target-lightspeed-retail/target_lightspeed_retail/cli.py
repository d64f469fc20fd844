"""The command `target-lightspeed-retail`: the SDK's command line, with errors as one line for people."""

from __future__ import annotations

from lightspeed_retail.ending import ending_well

_NAME = "target-lightspeed-retail"


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 1."""
    with ending_well(_NAME):
        # It takes most of a second, in which a signal may come.
        from target_lightspeed_retail.target import TargetLightspeedRetail  # noqa: PLC0415  as in the tap

        TargetLightspeedRetail.cli()
