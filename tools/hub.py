"""Writes the listings for Meltano Hub into hub/, in the Hub's own folders, from what the plugins say of themselves.

python tools/hub.py                  writes them
python tools/hub.py --check          fails if they are not as they would be written
python tools/hub.py --site DIR       writes what the Hub's API would answer with them, for `--address`
python tools/hub.py --serve          serves that on this machine, until Ctrl-C, so that `meltano add` can be tried
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("tools.listing", run_name="__main__")
