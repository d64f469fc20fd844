"""Colours and style of the picture."""

from __future__ import annotations

from collections.abc import Iterable

_COLOURS = (
    "#1d4ed8",
    "#6d28d9",
    "#be123c",
    "#15803d",
    "#4d7c0f",
    "#0f766e",
    "#b45309",
    "#9a3412",
    "#a21caf",
    "#0369a1",
    "#475569",
    "#4338ca",
    "#854d0e",
)
# White on each of them has a contrast of 4.5 to 1 or more.

_STYLE = """
text{font:11.5px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#111827}
.head{font-size:19px;font-weight:600}
.note{font-size:12px;fill:#374151}
.area{font-size:13px;font-weight:600}
.chip{font-size:11px;font-weight:600;fill:#fff;text-anchor:middle}
.line{fill:none;stroke-width:1.3;opacity:.38}
.kin{fill:none;stroke:#1f2937;stroke-width:1.7}
.each{stroke-dasharray:4 3}
.hub{opacity:0}
.shown{opacity:.8}
"""


def colour(number: int) -> str:
    """The colour of an area."""
    return _COLOURS[number % len(_COLOURS)]


def tint(strong: str) -> str:
    """A light background of the same colour."""
    channels = (int(strong[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{255 - (255 - channel) // 10:02x}" for channel in channels)


def style(names: Iterable[str]) -> str:
    """The style sheet; lines of a box stand out while the mouse points to it."""
    pointed = ",".join(f"svg:has(#{name}:hover) .{name}" for name in names)
    return f"{_STYLE}svg:has([id]:hover) .line{{opacity:.06}}\n{pointed}{{opacity:1}}\n"
