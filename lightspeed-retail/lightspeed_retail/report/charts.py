"""Charts: drawn once for wide screens and paper and once for phones, as SVG that needs no script."""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl
from markupsafe import Markup, escape

from lightspeed_retail.report.colours import ALARM, DAY, SERIES, STEPS

_WIDE, _NARROW = 960, 340
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")
_GEOMETRY = re.compile(r' (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"')
_FEW_MONTHS, _FEWEST_BARS = 7, 24
_LETTERS = 46
_LETTER, _LONGEST_LABEL, _SYMBOL = 8, 240, 36
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

ENDS = ("ended well", "failed or was stopped")
"""How runs end."""

Chart = Any
"""Altair's charts have no type in common."""


@dataclass(frozen=True)
class Frame:
    """The place of a chart.

    Args:
        width: How wide it is, all in all, in pixels.
    """

    width: int

    @property
    def is_narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.width <= _NARROW

    def ticks(self, wide: int) -> int:
        """How many ticks an axis has that has so many where there is room."""
        return max(3, wide // 3) if self.is_narrow else wide


def drawn(draw: Callable[[Frame], Chart], words: str) -> Markup:
    """A chart as both of its drawings, of which the page shows one.

    Args:
        draw: Draws it into a frame.
        words: What it shows, for those who don't see it.
    """
    wide, narrow = (_svg(draw(Frame(width)), words) for width in (_WIDE, _NARROW))
    return Markup('<div class="wide-only">{}</div><div class="narrow-only">{}</div>').format(wide, narrow)


def _svg(chart: Chart, words: str) -> Markup:
    with io.StringIO() as text:
        _styled(chart).save(text, format="svg")
        svg = text.getvalue()
    svg = _GEOMETRY.sub(lambda found: _LONG_NUMBER.sub(_rounded, found[0]), svg)
    label = f'<svg role="img" aria-label="{escape(words)}" '
    # The drawing is Vega's own, in which texts are escaped.
    return Markup(svg[svg.index("<svg ") :].replace("<svg ", label, 1))  # noqa: S704


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _styled(chart: Chart) -> Chart:
    text = {"labelColor": DAY["quiet"], "titleColor": DAY["quiet"], "labelFontSize": 12, "titleFontSize": 12}
    return (
        chart.configure(
            font="sans-serif",
            background="transparent",
            aria=False,
            padding={"left": 8, "right": 14, "top": 4, "bottom": 2},
        )
        .configure_view(strokeWidth=0, stroke="transparent")
        .configure_axis(
            **text,
            titleFontWeight="normal",
            gridColor=DAY["rule"],
            domainColor=DAY["rule"],
            tickColor=DAY["rule"],
            labelLimit=150,
        )
        .configure_legend(
            **text,
            titleFontWeight="normal",
            labelLimit=_LONGEST_LABEL,
            gradientStrokeColor=DAY["rule"],
            symbolStrokeWidth=3,
        )
        .configure_title(anchor="start", fontSize=13, fontWeight="normal", color=DAY["ink"], offset=8, frame="bounds")
    )


def _legend(frame: Frame, names: Sequence[str], symbol: str = "square") -> alt.Legend:
    """A legend in as many columns as the longest name leaves room for."""
    longest = max((len(name) for name in names), default=1)
    wide = min(longest * _LETTER, _LONGEST_LABEL) + _SYMBOL
    columns = max(1, (frame.width - _SYMBOL) // wide)
    # The reader's font may be wider than the one that the drawing was measured with.
    room = 10 + longest
    return alt.Legend(
        orient="top", title=None, columns=columns, symbolType=symbol, offset=6, columnPadding=min(room, _SYMBOL)
    )


def _colours(names: Sequence[str], colours: Sequence[str] = SERIES) -> alt.Scale:
    """A colour for each name; what is left over has the last one."""
    last = len(colours) - 1
    return alt.Scale(domain=list(names), range=[colours[min(number, last)] for number in range(len(names))])


def _days(days: pl.Series, frame: Frame) -> dict[str, Any]:
    """The ticks of an axis of days: days of the month where there are few, else months."""
    months = (days.max() - days.min()).days // 30 if len(days) else 0  # type: ignore[operator,union-attr]  # days
    if months < _FEW_MONTHS:
        return {"format": "%-d %b", "tickCount": frame.ticks(12)}
    step = math.ceil(months / (4 if frame.is_narrow else 13))
    return {"format": "%b %y", "tickCount": {"interval": "month", "step": step}}


def _amounts(frame: Frame, field: str = "net:Q", **more: Any) -> alt.Y:
    axis = alt.Axis(title=None, format="~s", tickCount=frame.ticks(6), domain=False, ticks=False)
    return alt.Y(field, axis=axis, **more)


def _sized(chart: Chart, frame: Frame, height: int, title: str) -> Chart:
    """A chart that fills its frame, its title above it, where there is room for words."""
    fitting = alt.AutoSizeParams(type="fit", contains="padding")
    lines = textwrap.wrap(title, _LETTERS * frame.width // _NARROW)
    return chart.properties(width=frame.width, height=height + 16 * len(lines), autosize=fitting, title=lines)


def lines_by_day(days: pl.DataFrame, shops: Sequence[str], title: str) -> Callable[[Frame], Chart]:
    """A line for each shop: columns date, shop, net."""

    def draw(frame: Frame) -> Chart:
        axis = alt.Axis(title=None, grid=False, **_days(days["date"], frame))
        chart = (
            alt.Chart(days)
            .mark_line(strokeWidth=1.8, interpolate="monotone")
            .encode(
                x=alt.X("date:T", axis=axis),
                y=_amounts(frame),
                color=alt.Color("shop:N", scale=_colours(shops), legend=_legend(frame, shops, "stroke")),
            )
        )
        return _sized(chart, frame, 280, title)

    return draw


def bars_by_day(days: pl.DataFrame, shops: Sequence[str], title: str) -> Callable[[Frame], Chart]:
    """A bar for each day, in pieces for the shops: columns date, shop, net."""

    def draw(frame: Frame) -> Chart:
        axis = alt.Axis(title=None, grid=False, **_days(days["date"], frame))
        chart = (
            alt.Chart(days)
            .mark_bar()
            .encode(
                x=alt.X("yearmonthdate(date):T", axis=axis, bandPosition=0.5),
                y=_amounts(frame, stack=True),
                color=alt.Color("shop:N", scale=_colours(shops), legend=_legend(frame, shops)),
            )
        )
        return _sized(chart, frame, 240, title)

    return draw


def bars_by_month(
    months: pl.DataFrame, kinds: Mapping[str, str], title: str, *, side_by_side: bool = False
) -> Callable[[Frame], Chart]:
    """Bars for each month, in the colours of their kinds: columns month (a short name, in their order), kind, net."""
    order = months["month"].unique(maintain_order=True).to_list()

    def draw(frame: Frame) -> Chart:
        axis = alt.Axis(
            title=None, labelAngle=-60 if frame.is_narrow else 0, labelOverlap=True, domain=False, ticks=False
        )
        encoding: dict[str, Any] = {"xOffset": alt.XOffset("kind:N", sort=list(kinds))} if side_by_side else {}
        legend = _legend(frame, [*kinds]) if len(kinds) > 1 else None
        chart = (
            alt.Chart(months)
            .mark_bar()
            .encode(
                x=alt.X("month:N", sort=order, axis=axis, scale=alt.Scale(paddingInner=0.25)),
                y=_amounts(frame, stack=None if side_by_side else True),
                color=alt.Color("kind:N", scale=_colours([*kinds], [*kinds.values()]), legend=legend),
                order=alt.Order("rank:Q"),
                **encoding,
            )
        )
        return _sized(chart, frame, 240, title)

    return draw


def shares_by_month(months: pl.DataFrame, title: str) -> Callable[[Frame], Chart]:
    """A line of shares: columns month (a short name, in their order), share."""
    order = months["month"].unique(maintain_order=True).to_list()

    def draw(frame: Frame) -> Chart:
        below = alt.Axis(title=None, labelAngle=-60 if frame.is_narrow else 0, labelOverlap=True, grid=False)
        left = alt.Axis(title=None, format=".0%", tickCount=5, domain=False, ticks=False)
        chart = (
            alt.Chart(months)
            .mark_line(point=alt.OverlayMarkDef(size=40, color=SERIES[0]), strokeWidth=2, color=SERIES[0])
            .encode(x=alt.X("month:N", sort=order, axis=below), y=alt.Y("share:Q", axis=left))
        )
        return _sized(chart, frame, 200, title)

    return draw


def ranked_bars(rows: pl.DataFrame, title: str) -> Callable[[Frame], Chart]:
    """A bar for each name, in their order, with words at its end: columns name, net, words."""
    names = rows["name"].to_list()

    def draw(frame: Frame) -> Chart:
        left = alt.Axis(title=None, domain=False, ticks=False, labelLimit=110 if frame.is_narrow else 220)
        below = alt.Axis(title=None, format="~s", tickCount=frame.ticks(6), domain=False)
        base = alt.Chart(rows).encode(y=alt.Y("name:N", sort=names, axis=left))
        bars = base.mark_bar(color=SERIES[0]).encode(x=alt.X("net:Q", axis=below))
        words = base.mark_text(align="left", dx=4, color=DAY["ink"], fontSize=12)
        return _sized(bars + words.encode(x="net:Q", text="words:N"), frame, 26 * len(names) + 40, title)

    return draw


def week(hours: pl.DataFrame, title: str) -> Callable[[Frame], Chart]:
    """A field for each hour of the week, the darker the more: columns weekday (1 to 7), hour, net."""
    named = hours.with_columns(day=pl.col("weekday").replace_strict(dict(enumerate(_DAYS, 1)), default=None))
    shown = list(range(int(hours["hour"].min() or 0), int(hours["hour"].max() or 0) + 1))  # type: ignore[arg-type]  # whole hours

    def draw(frame: Frame) -> Chart:
        # A phone has the hours from top to bottom.
        days: dict[str, Any] = {
            "sort": list(_DAYS),
            "scale": alt.Scale(domain=list(_DAYS), paddingInner=0.06, paddingOuter=0.03),
        }
        clock: dict[str, Any] = {"scale": alt.Scale(domain=shown, paddingInner=0.06, paddingOuter=0.03)}
        plain: dict[str, Any] = {"title": None, "domain": False, "ticks": False, "labelAngle": 0}
        by_day = {**days, "axis": alt.Axis(**plain)}
        by_hour = {**clock, "axis": alt.Axis(**plain, labelExpr="datum.value + ':00'")}
        places: dict[str, Any] = (
            {"x": alt.X("day:O", **by_day), "y": alt.Y("hour:O", **by_hour)}
            if frame.is_narrow
            else {"x": alt.X("hour:O", **by_hour), "y": alt.Y("day:O", **by_day)}
        )
        legend = alt.Legend(orient="top", title=None, format=".2~s", direction="horizontal", gradientLength=300)
        scale = alt.Scale(type="quantize", range=list(STEPS), domainMin=0)
        chart = alt.Chart(named).mark_rect().encode(**places, color=alt.Color("net:Q", scale=scale, legend=legend))
        return _sized(chart, frame, 26 * len(shown) + 80 if frame.is_narrow else 290, title)

    return draw


def bars_by_run(runs: pl.DataFrame, title: str) -> Callable[[Frame], Chart]:
    """A bar for each run, those that failed in another colour: columns number, drips, kind."""

    def draw(frame: Frame) -> Chart:
        below = alt.Axis(title=None, labels=False, ticks=False, domain=False)
        # A few runs have narrow bars, too.
        places = alt.Scale(domain=list(range(min(0, runs.height - _FEWEST_BARS), runs.height)))
        chart = (
            alt.Chart(runs)
            .mark_bar()
            .encode(
                x=alt.X("number:O", axis=below, scale=places),
                y=_amounts(frame, "drips:Q"),
                color=alt.Color("kind:N", scale=_colours(ENDS, (SERIES[0], ALARM)), legend=_legend(frame, ENDS)),
            )
        )
        return _sized(chart, frame, 200, title)

    return draw
