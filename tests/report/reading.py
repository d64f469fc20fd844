"""What a report says: its tiles, its tables and its sections, read off the HTML without a browser."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "br", "link", "img", "input"}


class Report(HTMLParser):
    """A report, taken apart.

    Args:
        text: The HTML.

    Attributes:
        tiles: The values of the tiles, by their labels.
        tables: The rows of the tables, by their captions; the first row is the heading.
        texts: The texts of the sections, by their ids.
        charts: The words that stand for the charts.
        tags: The tags that occur.
        attributes: All attributes, as pairs.
    """

    def __init__(self, text: str) -> None:
        """Read it; tags that aren't closed in their order are an error."""
        super().__init__(convert_charrefs=True)
        self.tiles: dict[str, str] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: dict[str, str] = {}
        self.charts: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.headings: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._sections: list[str] = []
        self._caption = self._label = ""
        self._rows: list[list[str]] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter a tag."""
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes.extend(given.items())
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "section":
            self._sections.append(given["id"])
            self.texts[given["id"]] = ""
        if tag == "svg":
            self.charts.append(given["aria-label"])
        self._begin(tag)

    def _begin(self, tag: str) -> None:
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")
        elif tag == "dt":
            self._label = ""
        elif tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append((tag, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that holds nothing."""
        self.tags.add(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        assert self._open.pop() == tag, (tag, self.getpos())
        if tag == "section":
            self._sections.pop()
        if tag == "table":
            assert self._caption not in self.tables
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        """Take a text to where it belongs."""
        for section in self._sections:
            self.texts[section] += data
        inside = set(self._open)
        if "caption" in inside:
            self._caption += data
        elif inside & {"td", "th"}:
            self._rows[-1][-1] += data
        elif "dt" in inside:
            self._label += data
        elif "dd" in inside:
            self.tiles.setdefault(self._label, data)
        elif inside & {"h1", "h2", "h3", "h4"}:
            tag, text = self.headings[-1]
            self.headings[-1] = (tag, text + data)
