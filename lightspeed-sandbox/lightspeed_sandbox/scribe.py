"""Requests that write: one transaction each, and the answer that follows.

Source: sections 3.5 and 6.1 of the API reference. The answer is 200 with the whole record, be it made, changed or gone.
"""

from __future__ import annotations

from collections.abc import Mapping

from lightspeed_retail.query import relation_field
from lightspeed_retail.resources import Resource, Stamp
from lightspeed_retail.wire import Record
from lightspeed_sandbox import actions, relations
from lightspeed_sandbox.answers import Answers
from lightspeed_sandbox.bodies import Body, given
from lightspeed_sandbox.clock import Clock
from lightspeed_sandbox.errors import ApiError, OutOfBalanceError
from lightspeed_sandbox.paths import Target
from lightspeed_sandbox.relations import Relations, Tree
from lightspeed_sandbox.rules import RULES
from lightspeed_sandbox.store import Key, Store
from lightspeed_sandbox.writing import Writer
from lightspeed_sandbox.zones import account_zone

_NOT_FOUND = 404
_ACCOUNT = "Account"


class Scribe:
    """Writes for one account.

    Args:
        store: Where its rows are.
        clock: What time it is.
        stale: Whether answers carry the change stamp from before, as some recorded ones do.
        archiving_stamps: Whether archiving moves the change stamp.
    """

    def __init__(self, store: Store, clock: Clock, *, stale: bool = False, archiving_stamps: bool = True) -> None:
        """Write to a store."""
        self._store = store
        self._clock = clock
        self._answers = Answers(store)
        self._stale = stale
        self._archiving_stamps = archiving_stamps

    def write(
        self, target: Target, method: str, body: Body, params: Mapping[str, str], *, stale: bool = False
    ) -> Record:
        """Do what a request asks for, wholly or not at all; answers the body of the answer.

        Args:
            target: What it is about.
            method: What is to be done.
            body: What it brings.
            params: Its query parameters.
            stale: Whether this answer carries the change stamp from before.

        Raises:
            ApiError: It cannot be done.
        """
        asked = relations.parse(target.resource, params.get("load_relations"))
        kept: OutOfBalanceError | None = None
        found: Record = {}
        before = self._stamp(target) if stale or self._stale else {}
        with self._store.transaction():
            writer = Writer(
                self._store, self._clock.now(), RULES, upload=body.upload, archiving_stamps=self._archiving_stamps
            )
            try:
                found = self._act(writer, target, method, body, asked, before)
            except OutOfBalanceError as error:
                # The sale stays, open: the answer names it (section 6.4).
                kept = error
        if kept is not None:
            raise kept
        return found

    def _act(self, writer: Writer, target: Target, method: str, body: Body, asked: Relations, before: Record) -> Record:
        if target.action is not None:
            done = actions.perform(writer, target.resource, target.action, str(target.key), body.fields)
            own = asked if done.resource is target.resource else Relations()
            return done.body or self._answer(done.resource, done.key, self._tree(done.resource, own))
        around = self._around(writer, target)
        if method == "DELETE":
            return self._delete(writer, target, asked, before)
        values = given(target.resource, body.fields, account_zone(self._store.query))
        if method == "POST":
            key = writer.create(target.resource, values, **around)
            return self._answer(target.resource, key, self._tree(target.resource, asked))
        writer.update(target.resource, str(target.key), values, **around)
        return self._answer(target.resource, str(target.key), self._tree(target.resource, asked), before)

    def _around(self, writer: Writer, target: Target) -> Record:
        """The key that the path gives to the row: that of the row on which it hangs.

        Raises:
            ApiError: There is no such row, or the record hangs on another one.
        """
        parent, resource = target.parent_resource, target.resource
        if parent is None or target.parent is None:
            return {}
        key = writer.existing(parent, target.parent)[parent.api.key]
        if target.key is not None and writer.existing(resource, target.key)[parent.api.key] != key:
            message = f"Object of type '{resource.__name__}' not found with primary ID '{target.key}'."
            raise ApiError(_NOT_FOUND, message)
        return {parent.api.key: key}

    def _delete(self, writer: Writer, target: Target, asked: Relations, before: Record) -> Record:
        resource, key = target.resource, str(target.key)
        was: Record = {}
        if resource.api.delete == "delete" and self._store.get(resource, key) is not None:
            was = self._answer(resource, key, asked.tree)
        writer.delete(resource, key)
        if resource.api.terse:
            return {"name": resource.__name__, "primaryID": key}
        return was or self._answer(resource, key, asked.tree, before)

    def _stamp(self, target: Target) -> Record:
        """The change stamp of the row that a request is about; nothing for one that is new."""
        row = None if target.key is None else self._store.get(target.resource, target.key)
        bookmark = target.resource.api.bookmark
        return {bookmark.field: row[bookmark.field]} if row and isinstance(bookmark, Stamp) else {}

    def _tree(self, resource: type[Resource], asked: Relations) -> Tree:
        """What comes along: what was asked for, and what the declaration says comes by itself."""
        unasked = (path for path in resource.api.answers if _is_relation(resource, path))
        return relations.planted((*asked.paths, *unasked))

    def _answer(self, resource: type[Resource], key: Key, tree: Tree, stamps: Record | None = None) -> Record:
        (row,) = self._answers.rows(resource, tree, f'"{resource.api.key}" = ?', (key,))
        for name in resource.api.answers:
            if not _is_relation(resource, name) and tree:
                row |= self._companion(Resource.named(name), row)
        row |= stamps or {}
        if resource.__name__ == _ACCOUNT:
            row.pop("link", None)
            return {"@attributes": {"systemCustomerID": str(key)}, **row}
        attributes: Record = {"@attributes": {"count": "1"}}
        return {**attributes, resource.envelope(): row} if resource.api.enveloped else {**attributes, **row}

    def _companion(self, resource: type[Resource], row: Record) -> Record:
        """A row of another resource that comes along although it is no relation, such as the shop of a sale."""
        found = self._answers.rows(resource, {}, f'"{resource.api.key}" = ?', (row.get(resource.api.key, ""),))
        return {resource.__name__: found[0]} if found else {}


def _is_relation(resource: type[Resource], path: str) -> bool:
    try:
        relation_field(resource, path)
    except KeyError:
        return False
    return True
