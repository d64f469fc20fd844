"""Takings: by day and shop, and this year against last."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl
from markupsafe import Markup

from lightspeed_retail.report import charts, words
from lightspeed_retail.report.colours import OTHERS, SERIES
from lightspeed_retail.report.parts import Section, Tile
from lightspeed_retail.report.period import Period
from lightspeed_retail.report.tables import Column, table
from lightspeed_retail.report.words import Currency

_MOST_SHOPS = 8
_RECENT = 42
_WEEK = 7
_LONG = 600
_OTHERS = "Other shops"
_SUMS = ("sales", "refunds", "refunded", "net", "tax", "total", "cost", "margin", "discount")
_MOMENTOUS = 0.001


@dataclass(frozen=True)
class Takings:
    """Sales of each shop and day, over all days that are compared.

    Args:
        days: A row for each shop and day.
        period: The days that the report is about.
        since: The first day of which the warehouse knows sales.
        currency: How amounts are written.
    """

    days: pl.DataFrame
    period: Period
    since: date
    currency: Currency

    def of(self, period: Period) -> pl.DataFrame:
        """The rows of some days."""
        return self.days.filter(pl.col("sale_date").is_between(period.first, period.last))

    @cached_property
    def named(self) -> pl.DataFrame:
        """The rows of the period, with the name of each shop as `shop`."""
        rows = self.of(self.period)
        names = shop_names(rows)
        return rows.with_columns(shop=pl.Series([names[key] for key in _keys(rows)], dtype=pl.String))

    @cached_property
    def by_shop(self) -> pl.DataFrame:
        """A row for each shop, the largest first."""
        sums = [pl.col(name).sum() for name in _SUMS]
        return self.named.group_by("shop").agg(sums).sort(["net", "shop"], descending=[True, False])

    @property
    def shops(self) -> list[str]:
        """The names of the shops that have a colour of their own, and one for all others."""
        names = self.by_shop["shop"].to_list()
        return names if len(names) <= _MOST_SHOPS else [*names[: _MOST_SHOPS - 1], _OTHERS]

    @cached_property
    def daily(self) -> pl.DataFrame:
        """Net takings of each day and shop, days without sales included: columns date, shop, net."""
        shops = self.shops
        shop = pl.when(pl.col("shop").is_in(shops)).then(pl.col("shop")).otherwise(pl.lit(_OTHERS))
        found = self.named.group_by(date="sale_date", shop=shop).agg(pl.col("net").sum().cast(pl.Float64))
        first = max(self.period.first, self.since)
        every = pl.DataFrame({"date": pl.date_range(first, self.period.last, eager=True)})
        grid = every.join(pl.DataFrame({"shop": shops}, schema={"shop": pl.String}), how="cross")
        whole = grid.join(found, on=["date", "shop"], how="left").with_columns(pl.col("net").fill_null(0.0))
        return whole.sort("date", "shop")

    def tiles(self) -> list[Tile]:
        """The figures of the period, and how they have grown."""
        now = _sums(self.of(self.period))
        has_past = self.since <= self.period.before.first
        past = _sums(self.of(self.period.before)) if has_past else dict.fromkeys(now, Decimal(0))
        average, before = (words.ratio(sums["net"], sums["sales"]) for sums in (now, past))
        margin = words.ratio(now["margin"], now["net"])
        return [
            self._grown("Net takings", self.currency.whole(now["net"]), now["net"], past["net"]),
            self._grown("Sales", words.count(now["sales"]), now["sales"], past["sales"]),
            self._grown("Average sale", self.currency.amount(average), average or 0, before or 0),
            Tile("Margin", self.currency.whole(now["margin"]), f"{words.share(margin)} of net takings"),
            Tile("Paid back", self.currency.whole(abs(now["refunded"])), words.counted(int(now["refunds"]), "refund")),
        ]

    def _grown(self, label: str, value: str, now: words.Number, past: words.Number) -> Tile:
        growth = words.growth(now, past)
        if growth is None:
            return Tile(label, value)
        mood = "" if abs(growth) < _MOMENTOUS else "good" if growth > 0 else "bad"
        return Tile(label, value, f"{words.change(growth)} on the {self.period.days} days before", mood)

    def section(self) -> Section:
        """Takings by day and shop."""
        charted = [self._smoothed(), self._recent()] if self.period.days > _RECENT else [self._recent()]
        text = (
            "Net takings: after discounts and refunds, without tax. Voided sales and those that are still open are "
            "left out; a day is a day of the shop."
        )
        return Section("takings", "Takings by day and shop", text, [*charted, self._table()])

    def _smoothed(self) -> Markup:
        # The first days have no whole week behind them.
        least = min(_WEEK, self.daily["date"].n_unique())
        mean = pl.col("net").rolling_mean(_WEEK, min_samples=least).over("shop", order_by="date")
        rows = self.daily.with_columns(net=mean.round(2)).drop_nulls("net")
        if self.period.days > _LONG:
            ago = (pl.lit(self.period.last) - pl.col("date")).dt.total_days()
            rows = rows.filter(ago % _WEEK == 0)
        title = self._titled("Net takings a day, mean of seven days")
        return charts.drawn(charts.lines_by_day(rows, self.shops, title), f"{title}, of each shop. {self._extremes()}")

    def _recent(self) -> Markup:
        first = Period.ending(self.period.last, min(_RECENT, self.period.days)).first
        rows = self.daily.filter(pl.col("date") >= first).with_columns(pl.col("net").round(2))
        title = self._titled(f"Net takings of each day since {words.day(first)}")
        return charts.drawn(charts.bars_by_day(rows, self.shops, title), f"{title}, by shop.")

    def _titled(self, title: str) -> str:
        return f"{title}{self.currency.unit}"

    def _extremes(self) -> str:
        by_day = self.daily.group_by("date").agg(pl.col("net").sum()).sort("net", "date")
        if by_day.is_empty():
            return ""
        best = by_day.row(-1, named=True)
        return f"The best day was {words.day(best['date'])} with {self.currency.whole(best['net'])}."

    def _table(self) -> Markup:
        rows = with_total(self.by_shop, "shop").with_columns(rate=_share("margin", "net"))
        money = self.currency.amount
        columns = [
            Column("shop", "Shop"),
            Column("sales", "Sales", words.count),
            Column("net", "Net", money),
            Column("tax", "Tax", money),
            Column("total", "With tax", money),
            Column("discount", "Discounts", money),
            Column("refunded", "Paid back", money),
            Column("margin", "Margin", money),
            Column("rate", "Margin, share", words.share),
        ]
        return table("shops", rows, f"Shops, {_span(self.period)}", columns, is_summed=rows.height > 1)

    def years(self) -> Section:
        """This year against last, month by month."""
        this, last = self.period.this_year, self.period.last_year
        rows = self._months(this, last)
        name, past = str(this.last.year), str(last.last.year)
        bars = rows.unpivot(on=["this", "last"], index="month", variable_name="which", value_name="net")
        kinds = {"last": past, "this": name}
        colours = {past: OTHERS, name: SERIES[0]}
        charted = bars.select(
            "month", pl.col("net").cast(pl.Float64).fill_null(0.0), kind=pl.col("which").replace_strict(kinds), rank=0
        )
        draw = charts.bars_by_month(charted, colours, self._titled("Net takings by month"), side_by_side=True)
        known = [row for row in rows.iter_rows(named=True) if row["change"] is not None]
        text = self._verdict(known, name, past)
        return Section(
            "years", f"{name} against {past}", text, [charts.drawn(draw, text), self._years(rows, name, past)]
        )

    def _verdict(self, known: Sequence[dict[str, object]], name: str, past: str) -> str:
        until = words.day(self.period.last)
        if not known:
            return f"Sales are known from {words.day(self.since)} on, so {past} has no whole month to compare with."
        now, before = (sum(Decimal(str(row[which])) for row in known) for which in ("this", "last"))
        months = "In the months that can be compared" if self.since > self.period.last_year.first else f"Up to {until}"
        growth = words.change(words.growth(now, before))
        amounts = f"{self.currency.whole(now)} against {self.currency.whole(before)}"
        return f"{months}, {name} has brought {amounts} in the same days of {past}: {growth}."

    def _months(self, this: Period, last: Period) -> pl.DataFrame:
        """Twelve rows: month, and what it brought this year and in the same days of the last one."""
        now, before = _by_month(self.of(this)), _by_month(self.of(Period(last.first, date(last.last.year, 12, 31))))
        same = _by_month(self.of(last))
        rows = []
        for month in range(1, 13):
            is_known = self.since <= date(last.last.year, month, 1) and month in same and month in now
            change = words.growth(now[month], same[month]) if is_known else None
            past = (same if month == this.last.month else before).get(month)
            rows.append((calendar.month_abbr[month], now.get(month), past, change))
        schema: dict[str, Any] = {
            "month": pl.String,
            "this": pl.Decimal(28, 4),
            "last": pl.Decimal(28, 4),
            "change": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _years(self, rows: pl.DataFrame, name: str, past: str) -> Markup:
        month = calendar.month_abbr[self.period.last.month]
        columns = [
            Column("month", "Month"),
            Column("this", name, self.currency.amount),
            Column("last", past, self.currency.amount),
            Column("change", "Change", words.change),
        ]
        caption = f"Net takings by month; {month} up to day {self.period.last.day} in both years"
        known = rows.filter(pl.any_horizontal(pl.col("this", "last").is_not_null()))
        return table("months", known, caption, columns)


def shop_names(rows: pl.DataFrame) -> dict[tuple[int, int], str]:
    """The name of each shop, with its number where two have the same: columns account_id, shop_id, shop_name."""
    named = rows.select("account_id", "shop_id", "shop_name").unique(subset=["account_id", "shop_id"], keep="last")
    plain = {(account, shop): name or f"Shop {shop}" for account, shop, name in named.iter_rows()}
    times: dict[str, int] = {}
    for name in plain.values():
        times[name] = times.get(name, 0) + 1
    several = len({account for account, _ in plain}) > 1
    return {
        key: name if times[name] == 1 else f"{name} ({f'account {key[0]}, ' if several else ''}shop {key[1]})"
        for key, name in plain.items()
    }


def with_total(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows with their sum at the end, where there are several."""
    if rows.height < 2:  # noqa: PLR2004  one row is its own sum
        return rows
    total = rows.select(pl.lit("Together").alias(name), pl.exclude(name).sum())
    return pl.concat([rows, total.select(rows.columns)], how="vertical_relaxed").cast(rows.schema)


def _keys(rows: pl.DataFrame) -> list[tuple[int, int]]:
    return list(zip(rows["account_id"], rows["shop_id"], strict=True))


def _sums(rows: pl.DataFrame) -> dict[str, Decimal]:
    return {name: Decimal(rows[name].sum() or 0) for name in _SUMS}


def _share(part: str, whole: str) -> pl.Expr:
    of = pl.col(whole).cast(pl.Float64)
    return pl.when(of != 0).then(pl.col(part).cast(pl.Float64) / of)


def _by_month(rows: pl.DataFrame) -> dict[int, Decimal]:
    sums = rows.group_by(pl.col("sale_date").dt.month()).agg(pl.col("net").sum())
    return {int(month): Decimal(net) for month, net in sums.iter_rows()}


def _span(period: Period) -> str:
    return f"{words.day(period.first)} to {words.day(period.last)}"
