"""Draws results.svg with Altair, in an environment of its own: python plot.py FIGURES SVG."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

Rows = list[dict[str, Any]]

READERS = ["this tap", "dlt", "Airbyte CDK", "bare singer-sdk"]
# Three to one or more against white and against a dark page.
COLOURS = ["#2563eb", "#c2410c", "#9333ea", "#0d8a6a"]
INK, FAINT = "#010203", "#040506"
STYLE = (
    "<style>.ink{fill:#1f2328}.inkline{stroke:#1f2328}.faint{stroke:#8c959f;stroke-opacity:.35}"
    "@media (prefers-color-scheme:dark){.ink{fill:#e6edf3}.inkline{stroke:#e6edf3}}</style>"
)

FORMS = ["as well as one can", "as documented"]
WIDTH, HEIGHT = 330, 150
GREY = "#808890"
SIZES = [2_500, 25_000, 100_000, 250_000]
STEPS = [1, 1.5, 2, 3, 5, 10, 20]

COLOUR = alt.Color("reader:N", title=None, scale=alt.Scale(domain=READERS, range=COLOURS))
FORM = alt.Opacity(
    "form:N",
    title=None,
    scale=alt.Scale(domain=FORMS, range=[1, 0.5]),
    legend=alt.Legend(symbolFillColor=GREY, symbolStrokeColor=GREY, offset=10),
)


def panel(rows: Rows, title: str) -> Any:
    """An empty panel."""
    return alt.Chart(alt.InlineData(values=rows), title=title, width=WIDTH, height=HEIGHT)


def bars(rows: Rows, field: str, title: str) -> Any:
    """One bar for each reader and form."""
    rows = [row for row in rows if row["form"] in FORMS]
    base = panel(rows, title).encode(
        y=alt.Y("reader:N", sort=READERS, title=None),
        yOffset=alt.YOffset("form:N", sort="descending"),
        x=alt.X(f"{field}:Q", title=None, axis=alt.Axis(tickCount=5)),
    )
    text = base.mark_text(align="left", dx=3, color=INK).encode(text=alt.Text(f"{field}:Q", format=".3~g"))
    return base.mark_bar().encode(color=COLOUR, opacity=FORM) + text


def lines(rows: Rows, field: str, title: str) -> Any:
    """How a figure grows with the account."""
    best = [row for row in rows if row["form"] == "as well as one can"]
    sizes = alt.X(
        "sales:Q", scale=alt.Scale(type="log"), title="sales in the account", axis=alt.Axis(format="~s", values=SIZES)
    )
    return panel(best, title).mark_line(point=True).encode(x=sizes, y=alt.Y(f"{field}:Q", title=None), color=COLOUR)


def near(rows: Rows) -> Any:
    """How many times what the bucket allows each reader took."""
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    times = alt.Y(
        "times:Q", title=None, scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format="~g", values=STEPS)
    )
    marks = panel(rows, "times what the bucket allows, by registers and latency").mark_point(filled=True, size=40)
    return marks.encode(
        x=alt.X("condition:N", sort=conditions, title=None, axis=alt.Axis(labelAngle=-40)),
        xOffset=alt.XOffset("reader:N", sort=READERS),
        y=times,
        color=COLOUR,
        opacity=FORM,
    )


def largest(rows: Rows) -> Rows:
    """The largest size that all readers have in common."""
    sizes = [{row["sales"] for row in rows if row["reader"] == reader} for reader in {row["reader"] for row in rows}]
    common = set.intersection(*sizes) if sizes else set()
    return [row for row in rows if row["sales"] == max(common, default=None)]


def chart(content: dict[str, Any]) -> Any:
    """All panels that there is something for."""
    panels = []
    if rows := largest(content["processor"]):
        panels.append(bars(rows, "micros", f"µs of processor a row, {rows[0]['sales']:,} sales"))
        panels.append(lines(content["processor"], "megabytes", "peak memory in MB"))
    if content["drips"]:
        panels.append(bars(content["drips"], "drips", "drips for 100 sales with lines and payments"))
    if content["time"]:
        panels.append(near(content["time"]))
    return (
        alt.concat(*panels, columns=2, spacing={"row": 30, "column": 50})
        .configure(background="transparent", font="Helvetica, Arial, sans-serif", padding={"left": 24, "right": 24})
        .configure_view(stroke=None)
        .configure_axis(labelColor=INK, titleColor=INK, tickColor=FAINT, domainColor=FAINT, gridColor=FAINT)
        .configure_title(color=INK, anchor="start", fontSize=13)
        .configure_legend(labelColor=INK, orient="bottom")
    )


def both_ways(svg: str, digest: str) -> str:
    """Colours that follow the page, and what tells which results are shown."""
    svg = re.sub(rf'fill="{INK}"', 'class="ink"', svg)
    svg = re.sub(rf'stroke="{INK}"', 'class="inkline"', svg)
    svg = re.sub(rf'stroke="{FAINT}"', 'class="faint"', svg)
    title = f"<title>This tap and its peers</title><!-- {digest} -->"
    return re.sub(r"(<svg[^>]*>)", rf"\1{title}{STYLE}", svg, count=1)


def main() -> None:
    """Draw."""
    source, target = map(Path, sys.argv[1:])
    content = json.loads(source.read_text(encoding="utf-8"))
    svg = vl_convert.vegalite_to_svg(chart(content).to_json())
    target.write_text(both_ways(svg, content["digest"]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
