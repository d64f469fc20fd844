"""The colours of charts and pages, by day and by night, and how one becomes the other without a script.

Charts are drawn in the colours of the day, as attributes; the style sheet of the page has a rule for each that gives
it another one where the reader likes it dark. On paper it is always day.
"""

from __future__ import annotations

from collections.abc import Mapping

DAY: Mapping[str, str] = {
    "ink": "#1b2128",
    "quiet": "#56606c",
    "rule": "#d5dbe2",
    "paper": "#ffffff",
    "raised": "#f4f6f9",
    "good": "#1d6b3f",
    "bad": "#a8242a",
    "link": "#0f5c9c",
}
"""Colours of text and surfaces by day."""

NIGHT: Mapping[str, str] = {
    "ink": "#e8ecf1",
    "quiet": "#a7b1bd",
    "rule": "#39434f",
    "paper": "#12171d",
    "raised": "#1b222a",
    "good": "#72cf9a",
    "bad": "#ff9a94",
    "link": "#7cbcf5",
}
"""The same by night."""

_SERIES = (
    ("#1f6cb0", "#63aeee"),
    ("#b85300", "#f39b50"),
    ("#23784a", "#69c592"),
    ("#7a4cb4", "#bd99ee"),
    ("#0a7781", "#4fc2cb"),
    ("#b03068", "#f288b6"),
    ("#7a6200", "#d6b84a"),
    ("#626c78", "#a3acb7"),
)
SERIES = tuple(day for day, _ in _SERIES)
"""Colours of series, told apart by those who see colours otherwise, too; the last is that of all others."""

OTHERS = SERIES[-1]
"""The colour of what is beside the point: others, those without a name, last year."""

ALARM = SERIES[1]
"""The colour of what went wrong."""

_STEPS = (
    ("#e9f0f8", "#1d2833"),
    ("#c6dbef", "#1f3f5e"),
    ("#96bfe1", "#245a89"),
    ("#5f9bcd", "#2f79b8"),
    ("#2f74b3", "#5da2df"),
    ("#124a86", "#a8d4fb"),
)
STEPS = tuple(day for day, _ in _STEPS)
"""Colours of little to much."""


def by_night() -> dict[str, str]:
    """What each colour of a chart becomes by night."""
    words = {DAY[name]: NIGHT[name] for name in ("ink", "quiet", "rule", "paper")}
    return {**words, **dict(_SERIES), **dict(_STEPS)}
