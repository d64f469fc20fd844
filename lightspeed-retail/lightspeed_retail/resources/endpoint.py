"""Where and how a resource is reached, and how a later run finds what changed there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Snapshot:
    """No usable change stamp: the list is read whole.

    Args:
        large: Whether the list grows with trade: then it is read whole every some days only, and in between from its
            last page on.
    """

    large: bool = False


@dataclass(frozen=True)
class Stamp:
    """Rows carry a stamp that moves with every change and can be filtered.

    Args:
        field: The stamp in the payload.
        spellings: Its names as a filter, most likely first, where documentation and payload disagree.
        fallback: A weaker stamp for when the API refuses the filter or a row lacks the stamp.
    """

    field: str = "timeStamp"
    spellings: tuple[str, ...] = ()
    fallback: str | None = None

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names to filter by, in the order in which to try them."""
        names = self.spellings or (self.field,)
        return (*names, self.fallback) if self.fallback else names


@dataclass(frozen=True)
class Tail:
    """Rows are only ever added: a later run reads what is newer than the last key seen.

    Args:
        created: The field that says when a row was made, where there is one. Rows younger than the look-back are read
            again, because a row with a lower key may become visible later.
    """

    created: str | None = None


@dataclass(frozen=True)
class Days:
    """A report by day: read from the day of the bookmark on.

    Args:
        field: The day of a row.
        first: The resource and its moment with which the days begin, where nobody says from when on.
    """

    field: str = "date"
    first: tuple[str, str] = ("Sale", "completeTime")


@dataclass(frozen=True)
class Vanishing:
    """Rows that go without leaving a trace, for the check that finds them.

    Args:
        within: The resource whose rows hold these, where only some of those still lose any.
        where: The condition that those rows meet, as a field and its value: `("completed", "false")`.
    """

    within: str | None = None
    where: tuple[str, str] | None = None


@dataclass(frozen=True)
class Action:
    """Something that is done to a row by a POST or a DELETE to a path of its own.

    Args:
        name: What is done, in one word.
        path: As that of the resource; the key of the row, or of the one around it, stands in braces.
        method: How it is asked for.
        price: Drips that it costs.
    """

    name: str
    path: str
    method: str = "POST"
    price: int = 1


@dataclass(frozen=True)
class Match:
    """A way to find the row that a record means, where it does not name it by the key.

    Args:
        name: What settings call it.
        fields: The fields whose values together tell the row, as paths: `Contact.Emails.address` is any of its emails.
        filters: What the API calls them in a question, in the same order, where that differs; further ones are asked
            one after the other in place of the last. None where it cannot be asked for: then the list is read.
        local: Whether the account itself gives the value, so that it means nothing in another one.
        stamped: Whether a row has one value, with which its stamp moves: after a first reading only changes are read.
            The path of a category changes with the name of its parent, and no stamp moves.
    """

    name: str
    fields: tuple[str, ...]
    filters: tuple[str, ...] | None = ()
    local: bool = False
    stamped: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """The filters that find it; none where the list has to be read."""
        return self.fields if self.filters == () else self.filters or ()

    @property
    def relation(self) -> str | None:
        """The relation that has to come along, so that it can be asked for and compared."""
        first, dot, _ = self.fields[0].partition(".")
        return first if dot else None


Bookmark = Snapshot | Stamp | Tail | Days


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where and how a resource is reached.

    Args:
        stream: Name of its stream.
        path: Below `/Account/{accountID}`, or from the root of the host where it starts with `/API`. The key of a
            parent stands in braces: `/Workorder/{workorderID}/WorkorderImage.json`.
        key: The field that identifies a row within an account.
        docs: Its page in the official documentation.
        dimensions: Further fields that belong to the key, for rows of a report.
        bookmark: How a later run finds what changed.
        sortable: Fields that the API sorts by.
        archived: Whether it has archived rows, which stay hidden without `archived=true`.
        event: The field that says when it happened, for rows that are events in time: `start_date` limits them.
        verbs: Methods that the API allows.
        delete: What DELETE does.
        vanishing: How rows that went without a trace are found; None where none do.
        read_scopes: OAuth scopes of which any one allows reading; none: any valid token.
        write_scopes: The same for writing.
        envelope: Key of the rows in an answer, where it is not the resource's name.
        enveloped: Whether a single answer is wrapped in that key.
        attributes: Whether the answer to a list carries `@attributes`.
        elsewhere: A second path, where documentation and practice disagree.
        parent: The resource whose key stands in the path.
        parents: The condition that a parent must meet to have such rows: a field and its possible values.
        passes: Query parameters of further walks, for rows that the plain list leaves out.
        below: Further paths of the same rows, below a row of another resource: there they can be written as well.
        required: Fields without which no row can be made, and which cannot be blanked.
        match: How a record that does not name its key is found, in order.
        administrative: Whether it belongs to those who set up the account: other programs find its rows, but leave them
            as they are.
        unique: Fields of which no two rows may have the same value.
        updates: Fields that PUT changes, where it does not change all that can be written.
        answers: What comes with the answer to a POST or PUT without being asked for: relations, or resources that the
            row has a key of.
        terse: Whether DELETE answers with the name and the key of what is gone instead of the record.
        write_price: Drips that a POST, PUT or DELETE costs.
        surcharges: Flags that make a POST or PUT dearer when they are set, and by how many drips.
        actions: What else can be done to a row.
        selected: Whether its stream is selected by default.
        presets: Named selections of streams that it belongs to.
    """

    stream: str
    path: str
    key: str
    docs: str
    dimensions: tuple[str, ...] = ()
    bookmark: Bookmark = Snapshot()
    sortable: tuple[str, ...] = ()
    archived: bool = False
    event: str | None = None
    verbs: tuple[str, ...] = ("GET",)
    delete: Literal["archive", "delete"] | None = None
    vanishing: Vanishing | None = None
    read_scopes: tuple[str, ...] = ()
    write_scopes: tuple[str, ...] = ()
    envelope: str | None = None
    enveloped: bool = True
    attributes: bool = True
    elsewhere: str | None = None
    parent: str | None = None
    parents: tuple[str, tuple[str, ...]] | None = None
    passes: tuple[tuple[str, str], ...] = ()
    below: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    match: tuple[Match, ...] = ()
    administrative: bool = False
    unique: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    terse: bool = False
    write_price: int = 1
    surcharges: tuple[tuple[str, int], ...] = ()
    actions: tuple[Action, ...] = ()
    selected: bool = True
    presets: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that identify a row within an account."""
        return (self.key, *self.dimensions)

    @property
    def sorts_by_stamp(self) -> bool:
        """Whether a walk can follow the change stamp from old to new."""
        return isinstance(self.bookmark, Stamp) and any(name in self.sortable for name in self.bookmark.candidates)
