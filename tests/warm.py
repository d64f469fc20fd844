"""What every process imports late or works out anew: preloaded, a process that is forked off has it already."""

from __future__ import annotations

import psycopg

from lightspeed_retail.resources import Resource

DRIVER = psycopg.__version__
"""The driver of PostgreSQL, which SQLAlchemy imports when it first connects."""

FIELDS = {resource: resource.fields() for resource in Resource.all()}
"""The fields of all resources, which their classes keep."""
