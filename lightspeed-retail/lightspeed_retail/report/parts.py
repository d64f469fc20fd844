"""What a page is made of: figures at a glance, and sections with charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Tile:
    """A figure to be seen at a glance.

    Args:
        label: What it is.
        value: How much.
        more: What else there is to say, such as by how much it has grown.
        mood: How to take that: good, bad, or neither.
    """

    label: str
    value: str
    more: str = ""
    mood: str = ""


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Args:
        key: What it is known by within the page.
        title: Its heading.
        text: What is to be seen, in a sentence or two.
        parts: Charts and tables, in their order.
    """

    key: str
    title: str
    text: str
    parts: Sequence[Markup] = ()


@dataclass(frozen=True)
class Page:
    """A page of the report.

    Args:
        key: What it is known by.
        title: Its heading.
        text: What it is about.
        tiles: Figures at a glance.
        sections: Its sections.
    """

    key: str
    title: str
    text: str
    tiles: Sequence[Tile]
    sections: Sequence[Section]
