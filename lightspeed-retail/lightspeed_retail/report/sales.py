"""The page on sales and stock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from lightspeed_retail.report import charts, questions, words
from lightspeed_retail.report.colours import OTHERS, SERIES
from lightspeed_retail.report.parts import Page, Section, Tile
from lightspeed_retail.report.period import Period
from lightspeed_retail.report.tables import Column, table
from lightspeed_retail.report.takings import Takings, shop_names
from lightspeed_retail.report.warehouse import Question, Warehouse
from lightspeed_retail.report.words import Currency

_FEW, _MANY = 12, 30
_MOST_CATEGORIES = 12
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_KINDS = {"returning": "returning", "new": "new", "unknown": "no name given"}


class SalesPage:
    """The page on sales and stock.

    Args:
        warehouse: Where the marts are.
        currency: How amounts are written.
        last: The last day to report on; the last one with sales if that is earlier.
        days: How many days to report on.
    """

    def __init__(self, warehouse: Warehouse, currency: Currency, last: date, days: int) -> None:
        """Find the days that there is something to say of."""
        self._warehouse = warehouse
        self._currency = currency
        span = warehouse.ask(questions.SPAN, last=last).row(0) if self._has(questions.SPAN) else (None, None)
        self._since: date | None = span[0]
        self.period = Period.ending(span[1] or last, days)

    def page(self) -> Page:
        """The page as it is to be set."""
        sections = self._of_sales() if self._since is not None else [self._nothing()]
        tiles = [*self._takings.tiles(), *self._new_customers()] if self._since is not None else []
        first, last = words.day(self.period.first), words.day(self.period.last)
        text = f"{first} to {last}." if self._since is not None else ""
        if self._since is not None and self._since > self.period.first:
            text = f"{text} Sales are known from {words.day(self._since)} on."
        return Page("sales", "Sales and stock", text, tiles, [*sections, self._reorder()])

    def _of_sales(self) -> list[Section]:
        takings = self._takings
        made: list[Callable[[], Section]] = [
            takings.section,
            takings.years,
            self._best,
            self._worst,
            self._margin,
            self._week,
            self._refunds,
            self._customers,
        ]
        return [make() for make in made]

    def _has(self, question: Question) -> bool:
        return not self._warehouse.missing(question)

    def _ask(self, question: Question, **values: Any) -> pl.DataFrame:
        return self._warehouse.ask(question, first=self.period.first, last=self.period.last, **values)

    def _nothing(self) -> Section:
        missing = self._warehouse.missing(questions.SPAN)
        text = (
            "The models have not been built yet: build them with meltano run dbt-postgres:build, or name their schema "
            "with --schema."
            if missing
            else "There are no completed sales in the warehouse yet."
        )
        return Section("nothing", "No sales yet", text)

    @cached_property
    def _takings(self) -> Takings:
        values = {"first": self.period.earliest, "last": self.period.last}
        days = self._warehouse.ask(questions.DAYS, **values)
        return Takings(days, self.period, self._since or self.period.first, self._currency)

    def _items(self, key: str, rows: pl.DataFrame, caption: str, *more: Column) -> Any:
        return table(key, rows, caption, [Column("item", "Item"), Column("sku", "SKU"), *more])

    def _best(self) -> Section:
        rows = self._ask(questions.BEST, most=_FEW)
        rate = pl.col("margin").cast(pl.Float64) / pl.col("net").cast(pl.Float64)
        shown = self._items(
            "best-items",
            rows.with_columns(rate=rate),
            "Items by net takings",
            Column("category", "Category"),
            Column("units", "Units", words.count),
            Column("net", "Net", self._currency.amount),
            Column("margin", "Margin", self._currency.amount),
            Column("rate", "Margin, share", words.share),
        )
        text = "The items that brought most, refunds subtracted."
        return _section("best", "Best sellers", text, rows, [shown])

    def _worst(self) -> Section:
        rows = self._ask(questions.WORST, most=_FEW)
        shown = self._items(
            "worst-items",
            rows,
            "Items by net takings, the least first",
            Column("category", "Category"),
            Column("units", "Units", words.count),
            Column("net", "Net", self._currency.amount),
            Column("stock", "In stock", words.count),
            Column("value", "Value of stock", self._currency.amount),
        )
        text = (
            "Items in stock or sold in these days that brought least; among those that brought the same, the ones "
            "that tie up most money come first."
        )
        return _section("worst", "Worst sellers", text, rows, [shown])

    def _margin(self) -> Section:
        months = self._months(("net", "margin"))
        shares = months.select("month", share=_share("margin", "net")).drop_nulls()
        categories = self._ask(questions.CATEGORIES)
        title = f"Margin of each month as a share of net takings{self._partly}"
        charted = [charts.drawn(charts.shares_by_month(shares, title), f"{title}.")]
        top = _largest(categories, "category", _MOST_CATEGORIES)
        rate = _share("margin", "net")
        named = top.select(name="category", net=pl.col("net").cast(pl.Float64), rate=rate)
        labelled = named.with_columns(words=pl.col("rate").map_elements(words.share, pl.String, skip_nulls=False))
        if not named.is_empty():
            title = f"Net takings of each category{self._currency.unit}; at the end of each bar, the margin"
            charted.append(charts.drawn(charts.ranked_bars(labelled, title), f"{title}."))
        columns = [
            Column("category", "Category"),
            Column("net", "Net", self._currency.amount),
            Column("cost", "Cost", self._currency.amount),
            Column("margin", "Margin", self._currency.amount),
            Column("rate", "Margin, share", words.share),
        ]
        charted.append(table("categories", top.with_columns(rate=rate), "Categories by net takings", columns))
        text = "Margin is net takings less the cost of what was sold. Categories are those at the top of the tree."
        return _section("margin", "Margin", text, categories, charted)

    def _months(self, names: tuple[str, ...]) -> pl.DataFrame:
        """Sums of each month of the period, with the month's short name, in their order."""
        rows = self._takings.of(self.period)
        start = pl.col("sale_date").dt.truncate("1mo")
        sums = rows.group_by(start=start).agg([pl.col(name).sum() for name in names]).sort("start")
        return sums.with_columns(month=pl.col("start").dt.strftime("%b %y"))

    @property
    def _partly(self) -> str:
        """Which months aren't whole."""
        first, last = max(self.period.first, self._since or self.period.first), self.period.last
        parts = [f"{first:%b %y} from day {first.day} on"] if first.day > 1 else []
        if (last + timedelta(days=1)).day > 1:
            parts.append(f"{last:%b %y} up to day {last.day}")
        return f" ({', '.join(parts)})" if parts else ""

    def _week(self) -> Section:
        rows = self._ask(questions.HOURS)
        first = max(self.period.first, self._since or self.period.first)
        each = _weekdays(Period(first, self.period.last))
        times = pl.col("weekday").replace_strict(each, default=1, return_dtype=pl.Float64)
        hours = rows.with_columns(net=(pl.col("net").cast(pl.Float64) / times).round(2)).filter(pl.col("net") > 0)
        text = "Net takings of an hour on a day of the week, on average, in the shops' own time."
        if hours.is_empty():
            return Section("week", "Hours of the week", "The hours of the sales aren't known.")
        best = hours.sort("net").row(-1, named=True)
        busiest = (
            f"The busiest hour begins at {best['hour']}:00 on {_WEEKDAYS[best['weekday'] - 1]} and brings "
            f"{self._currency.whole(best['net'])}."
        )
        chart = charts.drawn(charts.week(hours, f"Net takings in an hour{self._currency.unit}"), f"{text} {busiest}")
        return Section("week", "Hours of the week", f"{text} {busiest}", [chart])

    def _refunds(self) -> Section:
        months = self._months(("refunded", "refunds", "net"))
        bars = months.select("month", kind=pl.lit("Paid back"), rank=0, net=pl.col("refunded").cast(pl.Float64).abs())
        title = f"Paid back each month, net{self._currency.unit}{self._partly}"
        chart = charts.drawn(charts.bars_by_month(bars, {"Paid back": SERIES[0]}, title), f"{title}.")
        items = self._items(
            "returned-items",
            self._ask(questions.RETURNED, most=_FEW),
            "Items by what was paid back",
            Column("units", "Units", words.count),
            Column("refunds", "Refunds", words.count),
            Column("refunded", "Paid back, net", self._currency.amount),
        )
        whole = months.filter(pl.col("refunds") > 0)
        paid, net = (sum(months[name].to_list()) for name in ("refunded", "net"))
        part = words.share(words.ratio(abs(paid), net - paid))
        text = f"{self._currency.whole(abs(paid))} were paid back, {part} of what was taken."
        return _section("refunds", "Refunds", text, whole, [chart, items], "Nothing was paid back.")

    def _new_customers(self) -> list[Tile]:
        rows = self._customer_rows
        new = int(rows.filter(pl.col("kind") == "new")["customers"].sum())
        return [Tile("New customers", words.count(new))] if self._has(questions.CUSTOMERS) else []

    @cached_property
    def _customer_rows(self) -> pl.DataFrame:
        return self._ask(questions.CUSTOMERS)

    def _customers(self) -> Section:
        rows = self._customer_rows
        rank = pl.col("kind").replace_strict({kind: rank for rank, kind in enumerate(_KINDS)}, return_dtype=pl.Int64)
        bars = rows.select(
            month=pl.col("month").dt.strftime("%b %y"),
            rank=rank,
            kind=pl.col("kind").replace_strict(_KINDS, return_dtype=pl.String),
            net=pl.col("net").cast(pl.Float64),
        )
        colours = {**dict(zip(_KINDS.values(), SERIES, strict=False)), _KINDS["unknown"]: OTHERS}
        draw = charts.bars_by_month(bars, colours, f"Net takings by month{self._currency.unit}{self._partly}")
        sums = rows.group_by("kind").agg(pl.col("sales", "net").sum())
        net = dict(sums.select("kind", "net").iter_rows())
        whole = sum(net.values())
        shares = [
            f"{words.share(words.ratio(net.get(kind, 0), whole))} came from {name}" for kind, name in _SPOKEN.items()
        ]
        text = f"Of what was taken, refunds apart, {shares[0]}, {shares[1]} and {shares[2]}."
        chart = charts.drawn(draw, f"Net takings of each month from new and returning customers. {text}")
        return _section("customers", "Customers", text, rows, [chart, self._classes()])

    def _classes(self) -> Any:
        rows = self._warehouse.ask(questions.CLASSES)
        columns = [
            Column("rfm_class", "Class"),
            Column("customers", "Customers", words.count),
            Column("sales", "Sales", words.count),
            Column("value", "Net takings, all time", self._currency.amount),
            Column("recency", "Days since the last sale, mean", words.count_of_days),
        ]
        caption = "Customers by how recently, how often and for how much they have bought"
        return table("classes", rows, caption, columns)

    def _reorder(self) -> Section:
        title = "What to reorder"
        rows = self._warehouse.ask(questions.REORDER, most=_MANY)
        if rows.is_empty():
            return Section("reorder", title, "Nothing has reached its reorder point, or no reorder points are set.")
        names = shop_names(rows)
        keys = zip(rows["account_id"], rows["shop_id"], strict=True)
        named = rows.with_columns(shop=pl.Series([names[key] for key in keys], dtype=pl.String))
        shown = self._items(
            "reorder-items",
            named,
            "Items at or below their reorder point, what runs out first at the top",
            Column("shop", "Shop"),
            Column("vendor", "Vendor"),
            Column("sellable", "Sellable", words.count),
            Column("on_order", "On order", words.count),
            Column("sold_per_day", "Sold a day", words.hundredths),
            Column("days_of_cover", "Days of cover", words.one_digit),
            Column("to_order", "To order", words.count),
            Column("cost", "Cost", self._currency.amount),
        )
        items, cost = rows.select("items", "whole_cost").row(0)
        more = f"; the {_MANY} most urgent are shown" if items > _MANY else ""
        text = f"To be reordered: {words.counted(items, 'item')} for {self._currency.whole(cost)}{more}."
        return Section("reorder", title, text, [shown])


_SPOKEN = {"new": "new customers", "returning": "returning ones", "unknown": "customers without a name"}


def _section(
    key: str, title: str, text: str, rows: pl.DataFrame, parts: list[Any], otherwise: str = "There is nothing to show."
) -> Section:
    """A section, or a sentence where there are no rows."""
    return Section(key, title, otherwise) if rows.is_empty() else Section(key, title, text, parts)


def _share(part: str, whole: str) -> pl.Expr:
    of = pl.col(whole).cast(pl.Float64)
    return pl.when(of != 0).then(pl.col(part).cast(pl.Float64) / of)


def _largest(rows: pl.DataFrame, name: str, most: int) -> pl.DataFrame:
    """The first rows, and all others as one."""
    if rows.height <= most:
        return rows
    others = rows[most - 1 :].select(pl.lit(f"{rows.height - most + 1} others").alias(name), pl.exclude(name).sum())
    return pl.concat([rows[: most - 1], others.cast(rows.schema)])


def _weekdays(period: Period) -> dict[int, int]:
    """How often each day of the week comes."""
    days = [(period.first + timedelta(days=number)).isoweekday() for number in range(period.days)]
    return {weekday: days.count(weekday) or 1 for weekday in range(1, 8)}
