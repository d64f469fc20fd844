"""What tests of the packages share: they are built once."""

from __future__ import annotations

from tests.project.packaging import release, wheels

__all__ = ["release", "wheels"]
