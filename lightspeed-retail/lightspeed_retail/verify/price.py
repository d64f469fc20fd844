"""What a comparison costs, told before it is spent: a request for each hundred rows of the warehouse's tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lightspeed_retail.client import Client
from lightspeed_retail.query import PAGE_SIZE, Query
from lightspeed_retail.verify import account
from lightspeed_retail.verify.tables import Extent, Table

FEW_PAGES = 10
"""Pages of a list that is compared without being named."""

_MARGIN = 0.1


@dataclass(frozen=True)
class Walk:
    """A stream that is compared.

    Args:
        table: Its table.
        extent: What the table holds.
        since: From when on rows are compared; None where all are.
    """

    table: Table
    extent: Extent
    since: datetime | None

    @property
    def stream(self) -> str:
        """Which stream it is."""
        return self.table.resource.api.stream

    @property
    def has_days(self) -> bool:
        """Whether daily totals are compared."""
        return self.table.reading.has_days

    @property
    def queries(self) -> list[Query]:
        """What is asked of the API."""
        created = self.table.created
        narrowed = account.since_filter(created, self.since) if created and self.since is not None else None
        return account.walks(self.table.resource, narrowed)

    @property
    def pages(self) -> int:
        """How many requests that takes if the account holds as many rows as the table."""
        return max(1, math.ceil(self.extent.rows / PAGE_SIZE)) + len(self.queries) - 1


@dataclass
class Price:
    """What a comparison costs.

    Args:
        walks: The streams that are compared.
        questions: Requests besides: for the account, and for the shops where days are compared.
        left_out: Streams that are not compared for their size.
    """

    walks: list[Walk]
    questions: int
    left_out: list[Walk] = field(default_factory=list)

    @property
    def drips(self) -> int:
        """Drips in all; each request costs one, because no relations are asked for."""
        return self.questions + sum(walk.pages for walk in self.walks)

    @property
    def most(self) -> int:
        """Drips at which it stops unless somebody allows more: some rows have come since the last load."""
        return self.drips + len(self.walks) + math.ceil(self.drips * _MARGIN)

    def seconds(self, client: Client) -> float:
        """The least time that the bucket takes for it, the first drip having been spent."""
        pacer = client.pacer
        left = self.drips - float(client.spent)
        leaking = (left - (pacer.size - pacer.level)) / pacer.drip_rate
        return max(0.0, leaking, left * (pacer.latency or 0.0))

    def summary(self) -> dict[str, Any]:
        """The price for programs."""
        return {
            "drips": self.drips,
            "most_drips": self.most,
            "streams": {walk.stream: walk.pages for walk in self.walks},
            "left_out": {walk.stream: walk.pages for walk in self.left_out},
        }


def affordable(walks: Iterable[Walk], always: str) -> tuple[list[Walk], list[Walk]]:
    """The walks that are made when nobody has named any, and those that are not.

    Args:
        walks: All that could be made.
        always: A stream that is compared at any price.
    """
    chosen: list[Walk] = []
    left_out: list[Walk] = []
    for walk in walks:
        (chosen if walk.pages <= FEW_PAGES or walk.stream == always else left_out).append(walk)
    return chosen, left_out
