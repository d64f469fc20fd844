"""The file: both pages in one, with their style, and nothing that is fetched from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lightspeed_retail.report.colours import DAY, NIGHT, by_night
from lightspeed_retail.report.parts import Page
from lightspeed_retail.report.words import moment

_ENVIRONMENT = Environment(
    loader=PackageLoader("lightspeed_retail.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(pages: Sequence[Page], title: str, now: datetime) -> str:
    """The text of the file.

    Args:
        pages: What it holds.
        title: What it is called.
        now: When it is made.
    """
    template = _ENVIRONMENT.get_template("report.html.jinja")
    made = f"{moment(now)} {now:%Z}"
    return template.render(
        pages=pages, title=title, made=made, day=DAY, night=NIGHT, by_night=by_night(), style=_style()
    )


def _style() -> Markup:
    loader = _ENVIRONMENT.loader
    assert loader is not None  # noqa: S101  given above
    source, _, _ = loader.get_source(_ENVIRONMENT, "report.css")
    return Markup(source)  # noqa: S704  our own file
