"""docs/streams.svg: the streams by area, and what refers to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from lightspeed_retail.resources import Resource

from .kinship import carriage, parent_of, references
from .layout import BOX, COLUMN, COLUMNS, INDENT, LANE, MARGIN, PADDING, WIDTH, Box, Panel, panels
from .style import colour, style, tint

HUB = 8
"""References that make a stream a hub: they are shown as chips, because lines would cover the picture."""

_CHIP = 22
_LEGEND = 88
_LETTER = 6.6
_DASHED = 'fill="#fff" stroke="#475569" stroke-dasharray="4 3"'


class Picture:
    """The whole picture."""

    def __init__(self) -> None:
        """Place everything."""
        self.panels = panels()
        self.boxes = {box.resource: box for panel in self.panels for box in panel.boxes}
        self.colours = {box.resource: colour(panel.number) for panel in self.panels for box in panel.boxes}
        counted = Counter(other for resource in self.boxes for other in references(resource))
        self.hubs = {resource for resource, count in counted.items() if count >= HUB}
        self.height = max(panel.y + panel.height for panel in self.panels) + _LEGEND

    def __str__(self) -> str:
        """As SVG."""
        return "\n".join(
            (
                *self._canvas(),
                *self._heading(),
                *map(_panel, self.panels),
                *(line for resource in self.boxes for line in self._references(resource)),
                *(line for resource in self.boxes for line in self._kinship(resource)),
                *map(self._box, self.boxes.values()),
                *self._legend(),
                "</svg>\n",
            )
        )

    def _canvas(self) -> Iterator[str]:
        """The opening tag and what stands before the first sign; the background makes it readable in dark mode."""
        size = f'width="{WIDTH}" height="{_n(self.height)}"'
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(self.height)}" {size} role="img" '
            'aria-label="The streams by area, which come with which, and which refer to which.">'
        )
        yield f"<style>{style(resource.api.stream for resource in self.boxes)}</style>"
        yield _markers(self.panels)
        yield f'<rect {size} fill="#f6f7f9"/>'

    def _heading(self) -> Iterator[str]:
        yield f'<text class="head" x="{MARGIN}" y="30">The {len(self.boxes)} streams</text>'
        yield (
            f'<text class="note" x="{MARGIN}" y="50">Opened by itself, the picture shows the references of a stream '
            "to which the mouse points.</text>"
        )

    def _box(self, box: Box) -> str:
        resource, api = box.resource, box.resource.api
        fill, edge = tint(self.colours[resource]), self.colours[resource]
        dashes = "" if api.selected else ' stroke-dasharray="4 3"'
        chips = "".join(self._chips(box))
        return (
            f'<g id="{api.stream}"><title>{escape(f"{api.stream}: {resource.summary()}")}</title>'
            f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.right - box.x)}" height="{BOX}" rx="4" '
            f'fill="{fill}" stroke="{edge}"{dashes}/>'
            f'<text x="{_n(box.x + 7)}" y="{_n(box.y + 16)}">{escape(api.stream)}</text>{chips}</g>'
        )

    def _chips(self, box: Box) -> Iterator[str]:
        """The hubs that a stream refers to, right-aligned; a hub bears its own."""
        named = [each for each in references(box.resource) if each in self.hubs]
        if box.resource in self.hubs:
            named.append(box.resource)
        x = box.right - 4 - len(named) * _CHIP
        for number, hub in enumerate(named):
            yield self._chip(hub, x + number * _CHIP, box.y + 4)

    def _chip(self, hub: type[Resource], x: float, y: float) -> str:
        return (
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_CHIP - 2}" height="16" rx="3" fill="{self.colours[hub]}"/>'
            f'<text class="chip" x="{_n(x + _CHIP / 2 - 1)}" y="{_n(y + 12)}">{hub.api.stream[:2]}</text>'
        )

    def _references(self, resource: type[Resource]) -> Iterator[str]:
        for other in references(resource):
            classes = f"line {resource.api.stream} {other.api.stream}{' hub' if other in self.hubs else ''}"
            yield (
                f'<path class="{classes}" d="{_curve(self.boxes[resource], self.boxes[other])}" '
                f'stroke="{self.colours[other]}" marker-end="url(#to-{self.colours[other][1:]})"/>'
            )

    def _kinship(self, resource: type[Resource]) -> Iterator[str]:
        parent = parent_of(resource)
        if parent is None:
            return
        child, elder = self.boxes[resource], self.boxes[parent]
        near = child.column == elder.column and child.x == elder.x + INDENT
        path = _elbow(elder, child) if near else _curve(elder, child)
        way = "with" if carriage(resource) else "each"
        yield f'<path class="kin {way}" d="{path}" marker-end="url(#to-kin)"/>'

    def _legend(self) -> Iterator[str]:
        lines = f'class="line shown" stroke="{colour(0)}" marker-end="url(#to-{colour(0)[1:]})"'
        signs = (
            ('<path class="kin with" d="M0 0H34" marker-end="url(#to-kin)"/>', "rows come with those of the parent"),
            ('<path class="kin each" d="M0 0H34" marker-end="url(#to-kin)"/>', "rows take a request for each parent"),
            (f'<path {lines} d="M0 6C18 6 16 -6 34 -6"/>', "refers to"),
            (f'<rect y="-9" width="34" height="18" rx="4" {_DASHED}/>', "off by default"),
        )
        y = self.height - _LEGEND + 32
        yield from _signs(signs, y, 42)
        hubs = sorted(self.hubs, key=lambda each: each.api.stream)
        yield from _signs([(self._chip(hub, 0, -8), f"refers to {hub.api.stream}") for hub in hubs], y + 30, 28)


def picture() -> str:
    """The whole picture as SVG."""
    return str(Picture())


def _signs(signs: Iterable[tuple[str, str]], y: float, width: float) -> Iterator[str]:
    """A row of signs, each with the words that explain it."""
    x: float = MARGIN
    for sign, words in signs:
        text = f'<text class="note" x="{_n(width)}" y="4">{words}</text>'
        yield f'<g transform="translate({_n(x)} {_n(y)})">{sign}{text}</g>'
        x += width + _LETTER * len(words) + 22


def _panel(panel: Panel) -> str:
    return (
        f"<g><title>{escape(panel.area.about)}</title>"
        f'<rect x="{_n(panel.x)}" y="{_n(panel.y)}" width="{COLUMN}" height="{_n(panel.height)}" rx="8" fill="#fff" '
        f'stroke="{colour(panel.number)}" stroke-opacity=".35"/>'
        f'<text class="area" x="{_n(panel.x + PADDING)}" y="{_n(panel.y + 20)}" fill="{colour(panel.number)}">'
        f"{escape(panel.area.title)}</text></g>"
    )


def _markers(places: tuple[Panel, ...]) -> str:
    heads = {f"to-{colour(panel.number)[1:]}": colour(panel.number) for panel in places}
    heads["to-kin"] = "#1f2937"
    return "<defs>" + "".join(_marker(name, fill) for name, fill in heads.items()) + "</defs>"


def _marker(name: str, fill: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="{fill}"/></marker>'
    )


def _elbow(elder: Box, child: Box) -> str:
    return f"M{_n(elder.x + INDENT / 2)} {_n(elder.y + BOX)}V{_n(child.middle)}H{_n(child.x)}"


def _curve(start: Box, end: Box) -> str:
    """From one box to another: through the lane beside a column, or across."""
    if start.column == end.column == COLUMNS - 1:
        bow = min(LANE - 6, 16 + abs(end.y - start.y) / 12)
        return _cubic(start.x, start.middle, start.x - bow, end.x - bow, end.x, end.middle)
    if start.column == end.column:
        bow = min(LANE - 6, 16 + abs(end.y - start.y) / 12)
        return _cubic(start.right, start.middle, start.right + bow, end.right + bow, end.right, end.middle)
    if start.column < end.column:
        reach = (end.x - start.right) / 2
        return _cubic(start.right, start.middle, start.right + reach, end.x - reach, end.x, end.middle)
    reach = (start.x - end.right) / 2
    return _cubic(start.x, start.middle, start.x - reach, end.right + reach, end.right, end.middle)


def _cubic(x: float, y: float, out: float, into: float, to_x: float, to_y: float) -> str:
    return f"M{_n(x)} {_n(y)}C{_n(out)} {_n(y)} {_n(into)} {_n(to_y)} {_n(to_x)} {_n(to_y)}"


def _n(value: float) -> str:
    """A number as short as it can be written."""
    return f"{value:.1f}".removesuffix(".0")
