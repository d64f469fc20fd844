"""How many examples the checks against models try: few in every run of the tests, many when all shall be tried."""

from __future__ import annotations

import os

IS_FULL = os.environ.get("LIGHTSPEED_RETAIL_FULL") == "1"

EXAMPLES = 5_000 if IS_FULL else 60
"""Where an example takes milliseconds."""

STORIES = 1_000 if IS_FULL else 8
"""Where an example is a story of many runs."""

STEPS = 30 if IS_FULL else 12
"""What happens in a story at the most."""
