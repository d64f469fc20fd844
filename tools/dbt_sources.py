"""Writes the sources and the staging models of the dbt project in transform/, and what is said about their columns.

All of it comes from the declarations.

python tools/dbt_sources.py          writes them
python tools/dbt_sources.py --check  fails if they are not as they would be written
"""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("staging", run_name="__main__")
