"""Results that are worked out once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Work out once for each declaration; classes are good keys, although mypy doubts that they can be hashed."""
    remembering: Any = functools.cache(function)
    return cast("Callable[_P, _R]", remembering)


def remembered(most: int) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Work out once for each question, and forget those that were not asked for long when there are too many."""

    def remember(function: Callable[_P, _R]) -> Callable[_P, _R]:
        remembering: Any = functools.lru_cache(most)(function)
        return cast("Callable[_P, _R]", remembering)

    return remember
