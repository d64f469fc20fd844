"""Resources by the names that people type."""

from __future__ import annotations

from lightspeed_retail.resources import Resource


def resource_of(name: str) -> type[Resource] | None:
    """The resource of a stream's name, or of the API's own name for it."""
    return next((known for known in Resource.all() if name in (known.api.stream, known.__name__)), None)
