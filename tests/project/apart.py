"""Commands of the docs that are not run by the test of the docs, each with the reason."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from tests.project.consoles import RECIPES, Command


@dataclass(frozen=True)
class Reason:
    """Why some commands are not run there.

    Args:
        pattern: How such a command begins, or all of it.
        words: Why, and who runs it instead.
    """

    pattern: str
    words: str


_ALWAYS = (
    Reason(r"git clone ", "It needs the network, and the repository is at hand."),
    Reason(r"gh ", "It needs what has been published."),
    Reason(r"make ", "It sets up, or takes minutes; CI runs lint, types and test. That the target exists is checked."),
    Reason(
        r"python3 -m venv |(\.venv/bin/)?pip ", "It installs from a registry; test_installed_alone.py does the like."
    ),
    Reason(r"python tools/", "test_files.py and test_hub.py run it with --check, so that nothing is written."),
    Reason(r"tap-something ", "It stands for any tap."),
    Reason(r"lightspeed-sandbox demo\b", "It takes a minute; tests/end_to_end/test_demo.py runs a smaller one."),
    Reason(
        r"orchestrate/up\b", "It brings up Airflow, which takes minutes; tests/orchestrate does with a smaller night."
    ),
    Reason(
        r"docker |helm |kubectl ", "Containers cannot run there; tests/orchestrate/test_deployment.py reads the files."
    ),
    Reason(
        r"(TAP_\w+=\S+ )*(\\\n +)?PYTHONPATH=orchestrate python -m lightspeed_nightly ",
        "It runs in the repository's folder; tests/orchestrate runs it.",
    ),
    Reason(r"lightspeed-sandbox run .*(COMMAND|--recorded DIR)", "Words in capitals stand for something else."),
    Reason(
        r"(TARGET_\w+=\w+ )?meltano (--environment=prod )?run tap-postgres ",
        "Meltano installs that tap from a registry; tests/end_to_end/test_recipe.py runs it.",
    ),
)


_MOSTLY = (
    Reason(
        r"meltano run .*dbt-postgres:build|lightspeed-retail report\b",
        "It takes half a minute, and tests/end_to_end/test_demo.py runs it; here LIGHTSPEED_RETAIL_FULL=1 does.",
    ),
)

REASONS = _ALWAYS if os.environ.get("LIGHTSPEED_RETAIL_FULL") else (*_ALWAYS, *_MOSTLY)


def reason(command: Command) -> Reason | None:
    """Why a command is not run here, if it is not."""
    if command.page.startswith(RECIPES):
        return Reason("", "tests/recipes runs it.")
    return next((each for each in REASONS if re.match(each.pattern, command.bare)), None)
