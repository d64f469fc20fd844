"""What the API does with rows of some resources besides keeping them."""

from __future__ import annotations

from lightspeed_sandbox.changing import Rule
from lightspeed_sandbox.rules import catalog, counts, files, moving, people, purchasing, stock, tickets, workshop

RULES: dict[str, Rule] = {
    **catalog.RULES,
    **counts.RULES,
    **files.RULES,
    **moving.RULES,
    **people.RULES,
    **purchasing.RULES,
    **stock.RULES,
    **tickets.RULES,
    **workshop.RULES,
}
"""The rules by the name of the resource."""
