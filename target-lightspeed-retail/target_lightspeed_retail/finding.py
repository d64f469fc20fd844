"""Finds rows that exist already: by key, or by what else tells them, up to a hundred in one question."""

from __future__ import annotations

import enum
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lightspeed_retail.client import Client
from lightspeed_retail.errors import RequestRefusedError
from lightspeed_retail.query import PAGE_SIZE, Filter, Query
from lightspeed_retail.resources import FieldType, Match, Resource
from lightspeed_retail.wire import Decoder, Decoding, Record
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.telling import Value, place, values
from target_lightspeed_retail.walked import Walked

# Values that could not be told apart from the commas and brackets around them are asked for one by one.
_LISTABLE = re.compile(r"[^\[\],\"'|\\]+")
_LONGEST_LIST = 4000
_WORTH_TRYING = 5
"""Fewer texts are asked for one by one: to find out whether a list works costs three questions."""
_SAMPLES = 3


@dataclass(frozen=True)
class Silent:
    """Nobody is told what the declarations did not foresee: the tap does that."""

    def unknown(self, field: str) -> None:
        """Say nothing."""

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """Say nothing."""


class Lists(enum.Enum):
    """What comes of asking for several texts in one question."""

    WORK = enum.auto()
    FAIL = enum.auto()
    EMPTY = enum.auto()
    """There are no rows at all."""


class Finder:
    """Asks for rows and remembers what it has learnt about questions that the API does not understand.

    Args:
        client: Reads the account.
        ledger: Keeps what was read of lists that have to be read; None where each run reads them anew.
    """

    def __init__(self, client: Client, ledger: Ledger | None = None) -> None:
        """Prepare; nothing is asked yet."""
        self._client = client
        self._decoders: dict[type[Resource], Decoder] = {}
        self._lists: dict[tuple[str, str], Lists] = {}
        self.learners: list[Callable[[type[Resource], Record], None]] = []
        self._walked = Walked(self.rows, lambda: client.moment, ledger)

    def by_keys(
        self, resource: type[Resource], keys: Collection[int], relations: Collection[str] = ()
    ) -> dict[int, Record]:
        """Rows by their keys; those that do not exist are missing.

        Raises:
            ApiError: The API refused the question.
        """
        found: dict[int, Record] = {}
        for chunk in _chunks(sorted(keys)):
            condition = _listed(resource.api.key, list(map(str, chunk)))
            found |= {row[resource.api.key]: row for row in self.rows(resource, (condition,), relations)}
        return {key: row for key, row in found.items() if key in keys}

    def by_values(
        self, resource: type[Resource], match: Match, wanted: Mapping[Value, Value], relations: Collection[str] = ()
    ) -> dict[Value, list[Record]]:
        """Rows by what tells them; several where it does not tell them apart.

        Args:
            resource: Whose rows.
            match: What tells them.
            wanted: As `values` gives them.
            relations: What to load with the rows.

        Raises:
            ApiError: The API refused the question.
        """
        relations = {*relations, *([match.relation] if match.relation else [])}
        if not wanted:
            return {}
        if not match.asked:
            return self._by_index(resource, match, wanted, relations)
        found: dict[Value, dict[int, Record]] = defaultdict(dict)
        for name in self._questions(match):
            position = place(match, name)
            texts = {written[position] for written in wanted.values()}
            for row in self._asked(resource, match, name, texts, relations):
                for value in values(match, row).keys() & wanted.keys():
                    found[value][row[resource.api.key]] = row
        return {value: list(rows.values()) for value, rows in found.items()}

    def rows(
        self, resource: type[Resource], filters: tuple[Filter, ...] = (), relations: Collection[str] = ()
    ) -> Iterator[Record]:
        """All rows that meet conditions, archived ones included, typed."""
        decode = self.decoder(resource)
        # Gift cards, for example, only come when they are asked for.
        for extra in ((), *(((Filter(name, "=", value)),) for name, value in resource.api.passes)):
            query = Query(resource, (*filters, *extra), relations=tuple(sorted(relations)))
            for page in self._client.pages(query):
                yield from map(decode, page.rows)

    def decoder(self, resource: type[Resource]) -> Decoder:
        """What types the rows of a resource."""
        if resource not in self._decoders:
            self._decoders[resource] = Decoder(resource, Decoding(report=Silent()))
        return self._decoders[resource]

    @staticmethod
    def _questions(match: Match) -> tuple[str, ...]:
        """What to ask by: several names of one field one after the other, but one field of several is enough."""
        return match.asked if len(match.fields) == 1 else match.asked[:1]

    def _asked(
        self, resource: type[Resource], match: Match, name: str, texts: Collection[str], relations: Collection[str]
    ) -> Iterator[Record]:
        """Rows in which a field has one of some texts: a hundred in one question where the API takes that."""
        listable = [text for text in sorted(texts) if _LISTABLE.fullmatch(text)]
        if len(listable) < _WORTH_TRYING:
            listable = []
        elif (lists := self._lists_of(resource, match, name, relations)) is not Lists.WORK:
            if lists is Lists.EMPTY:
                return
            listable = []
        for chunk in _chunks(listable):
            yield from self.rows(resource, (_listed(name, chunk),), relations)
        for text in sorted(set(texts).difference(listable)):
            yield from self.rows(resource, (Filter(name, "=", text),), relations)

    def _lists_of(self, resource: type[Resource], match: Match, name: str, relations: Collection[str]) -> Lists:
        """Whether the API finds rows by a list of texts.

        `IN` is documented for numbers, so it is tried on a row that exists: a list that the API takes and does not
        understand would make every row look new.
        """
        asked = (resource.__name__, name)
        field = next((each for each in resource.fields() if each.name == name), None)
        if field is not None and field.type is FieldType.INTEGER:
            return Lists.WORK
        if asked not in self._lists:
            page = next(iter(self._client.pages(Query(resource, relations=tuple(sorted(relations))))), None)
            listed = list(map(self.decoder(resource), page.rows if page else []))
            if not listed:
                return Lists.EMPTY
            samples = list(self._samples(resource, match, name, relations, listed))
            if not samples:
                # None of these rows tells; later ones may.
                return Lists.FAIL
            works = any(self._finds_in_list(resource, name, *each, relations) for each in samples)
            self._lists[asked] = Lists.WORK if works else Lists.FAIL
        return self._lists[asked]

    def _finds_in_list(
        self, resource: type[Resource], name: str, text: str, keys: set[int], relations: Collection[str]
    ) -> bool:
        # In the middle, for only the first or the last of a list may be heard.
        condition = _listed(name, [f"{text}-no", text, f"{text}-none"])
        try:
            return {row[resource.api.key] for row in self.rows(resource, (condition,), relations)} == keys
        except RequestRefusedError:
            return False

    def _samples(
        self, resource: type[Resource], match: Match, name: str, relations: Collection[str], listed: list[Record]
    ) -> Iterator[tuple[str, set[int]]]:
        """Texts of some rows that the API finds rows by one by one, and the keys of those."""
        key, position = resource.api.key, place(match, name)
        texts = (written[position] for row in listed for written in values(match, row).values())
        for text in itertools.islice(filter(_LISTABLE.fullmatch, texts), _SAMPLES):
            found = self.rows(resource, (Filter(name, "=", text),), relations)
            keys = {row[key] for row in itertools.islice(found, PAGE_SIZE)}
            if 0 < len(keys) < PAGE_SIZE:
                yield text, keys

    def _by_index(
        self, resource: type[Resource], match: Match, wanted: Mapping[Value, Value], relations: Collection[str]
    ) -> dict[Value, list[Record]]:
        """By what a walk through the list has shown, where the API cannot be asked."""
        held = self._walked.keys(resource, match, wanted)
        rows = self.by_keys(resource, set().union(*held.values()), relations)
        there = {value: [rows[key] for key in sorted(keys) if key in rows] for value, keys in held.items()}
        fitting = {value: [row for row in listed if value in values(match, row)] for value, listed in there.items()}
        return {value: listed for value, listed in fitting.items() if listed}

    def learn(self, resource: type[Resource], row: Record) -> None:
        """Take a row that was written since into what the walks have shown."""
        for learner in self.learners:
            learner(resource, row)
        self._walked.learn(resource, row)


def _listed(name: str, texts: list[str]) -> Filter:
    return Filter(name, "IN", f"[{','.join(texts)}]") if len(texts) > 1 else Filter(name, "=", texts[0])


def _chunks(listed: list[Any]) -> Iterator[list[Any]]:
    """A hundred values at the most, and an address that is not too long."""
    chunk: list[Any] = []
    length = 0
    for value in listed:
        if chunk and (len(chunk) == PAGE_SIZE or length > _LONGEST_LIST):
            yield chunk
            chunk, length = [], 0
        chunk.append(value)
        length += 3 * len(str(value)) + 3
    if chunk:
        yield chunk
