"""Writes docs/streams.md, the list of all streams, the picture in it, and the table in docs/target.md.

All of it comes from the declarations.

python tools/streams_page.py          writes them
python tools/streams_page.py --check  fails if they are not as they would be written
"""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("pages", run_name="__main__")
