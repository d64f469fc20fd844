"""Answers to list requests, in the shapes of both versions of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from lightspeed_retail.query import Version
from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from lightspeed_sandbox.answers import Answers, is_plain
from lightspeed_sandbox.lists import ListRequest
from lightspeed_sandbox.store import Store
from lightspeed_sandbox.texts import Page, Texts

Place = tuple[Any, ...]

_ROW = "rowid"
_PLACED = f"{_ROW} IN (SELECT json_each.value FROM json_each(?))"


class Pages:
    """Reads pages of lists."""

    def __init__(self, store: Store, answers: Answers) -> None:
        """Read from a store."""
        self._store = store
        self._answers = answers
        self._texts = Texts(store, answers)

    def answer(
        self,
        resource: type[Resource],
        asked: ListRequest,
        params: Mapping[str, str],
        base: str,
        version: Version,
    ) -> Record | Page:
        """The body that answers a list request.

        Args:
            resource: Whose list.
            asked: What is asked for.
            params: The same, as it was asked.
            base: Address of the list.
            version: In whose shape to answer.
        """
        if asked.count:
            return {"@attributes": {"count": self._count(resource, asked)}}
        if not resource.api.attributes or is_plain(resource):
            return self._whole(resource, asked)
        return (
            self._by_offset(resource, asked) if version is Version.V2 else self._linked(resource, asked, params, base)
        )

    def _whole(self, resource: type[Resource], asked: ListRequest) -> Record:
        """All rows at once: a list without attributes, or one of plain texts, has no pages."""
        order = asked.sort.order(reverse=False)
        rows = self._answers.rows(resource, asked.relations.tree, *asked.where(), order=order)
        body = _body(resource, [row[resource.api.key] for row in rows] if is_plain(resource) else rows)
        return {"@attributes": {"count": str(len(rows))}, **body} if resource.api.attributes else body

    def _by_offset(self, resource: type[Resource], asked: ListRequest) -> Page:
        attributes = {"count": self._count(resource, asked), "offset": str(asked.offset), "limit": str(asked.limit)}
        places = self._places(resource, asked, asked.limit)
        return Page(attributes, resource.envelope(), self._rows(resource, asked, places))

    def _linked(self, resource: type[Resource], asked: ListRequest, params: Mapping[str, str], base: str) -> Page:
        places = self._places(resource, asked, asked.limit + 1)
        more = len(places) > asked.limit
        places = places[: asked.limit]
        if asked.before:
            places.reverse()
        attributes = asked.links([place for _, *place in places], params, base, more=more)
        return Page(attributes, resource.envelope(), self._rows(resource, asked, places))

    def _places(self, resource: type[Resource], asked: ListRequest, limit: int) -> list[Place]:
        order = asked.sort.order(reverse=asked.before)
        return self._store.rows(resource, (_ROW, *asked.sort.columns), *asked.where(), order, limit, asked.offset)

    def _rows(self, resource: type[Resource], asked: ListRequest, places: Sequence[Place]) -> list[bytes]:
        found = orjson.dumps([place[0] for place in places]).decode()
        order = asked.sort.order(reverse=False)
        return self._texts.rows(resource, asked.relations, _PLACED, (found,), order=order)

    def _count(self, resource: type[Resource], asked: ListRequest) -> str:
        return str(self._store.count(resource, *asked.where(beyond=False)))


def _body(resource: type[Resource], found: Sequence[Any]) -> Record:
    """Several rows are a list, one is a bare object, none have no key."""
    if not found:
        return {}
    return {resource.envelope(): found if len(found) > 1 else found[0]}
