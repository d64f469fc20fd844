"""Resources by the names that people type."""

from __future__ import annotations

from lightspeed_retail.resources import Resource
from lightspeed_sandbox.errors import ApiError

_NOT_FOUND = 404


def resource_of(name: str) -> type[Resource] | None:
    """The resource of a stream's name, or of the API's own name for it."""
    return next((known for known in Resource.all() if name in (known.api.stream, known.__name__)), None)


def existing(name: str) -> type[Resource]:
    """The resource of a stream's name.

    Raises:
        ApiError: There is no such stream.
    """
    found = resource_of(name)
    if found is None:
        raise ApiError(_NOT_FOUND, f"There is no stream '{name}'.")
    return found
