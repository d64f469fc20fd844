"""Sends the files of pictures, each once: what was sent is in the ledger by its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from lightspeed_retail.errors import NotFoundError, RecordError, RequestRefusedError, RightsError, UncertainError
from lightspeed_retail.query import PAGE_SIZE, Filter
from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.items import Image
from lightspeed_retail.wire import Record
from target_lightspeed_retail.difference import difference
from target_lightspeed_retail.files import File, Files
from target_lightspeed_retail.jobs import Job, row_key
from target_lightspeed_retail.ledger import Entry, digests
from target_lightspeed_retail.pictures import Picture
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.tools import Tools

CONTENT = "@content"
"""What the ledger keeps of a picture beside its fields: a fingerprint of the bytes that were sent."""

_STREAM = Image.api.stream
_TRIES = 4
_REFUSALS = (RejectedError, RecordError, RequestRefusedError, RightsError, NotFoundError)


class Album:
    """Pictures of rows.

    Args:
        tools: What it works with.
    """

    def __init__(self, tools: Tools) -> None:
        """Nothing is fetched yet."""
        self._tools = tools
        self._expected: dict[tuple[str, int], list[Record]] = {}

    @cached_property
    def files(self) -> Files:
        """Gets the files."""
        return Files(self._tools.client.transport.session)

    def hang(
        self,
        job: Job,
        owner: Record | None,
        pictures: Sequence[Picture],
        before_change: Callable[[], None],
        *,
        new: bool,
    ) -> bool:
        """See that a row has some pictures; others that it has stay.

        Args:
            job: The record that they belong to.
            owner: The row's key by its name; None in a dry run for a row that is not there.
            pictures: What it is to have.
            before_change: To be called before the first change.
            new: Whether the row has just been made, and has none.

        Returns:
            Whether anything was changed, or would be.

        Raises:
            RejectedError: Some of them cannot be; the others are.
        """
        one = _Hanging(self, self._tools, job, owner, before_change, new=new)
        problems = []
        for place, picture in enumerate(pictures):
            try:
                one.hang(picture)
            except _REFUSALS as error:
                problems.append(f"image {place + 1}: {error}")
        if problems:
            raise RejectedError(f"All else is written, but not {' '.join(problems)}")
        return one.changed

    def upload(self, key: str, entry: Entry | None, owner: Record, fields: Record, file: File, *, new: bool) -> Record:
        """Send a file, unless it is there already.

        Args:
            key: By what the ledger knows the picture.
            entry: What the ledger says.
            owner: The row that it shows, by its key.
            fields: What is written beside the file.
            file: The file.
            new: Whether the row has just been made, and has no pictures.

        Returns:
            The row of the picture.

        Raises:
            ApiError: The API refuses it.
        """
        job = Job(Image, {}, key, {}, {}, None, None, deleted=False, entry=entry)
        # The server may make a name of its own, and another order: what it keeps for certain tells the row.
        told = {**owner, **{name: fields[name] for name in ("description",) if name in fields}}
        found = self._tools.creation.found_again(Image, job, told)
        if found is None and not new:
            found = self._there(owner, fields, file)
        if found is not None:
            self.describe(int(found[Image.api.key]), difference(Image, fields, found))
            return {**found, **fields}
        return self._tools.creation.made(Image, job, told, lambda: self._sent({**fields, **owner}, file))

    def _sent(self, fields: Record, file: File) -> Record:
        answer = self._tools.writes.upload({}, self._tools.body(Image, fields), file.content, file.name)
        return self._tools.finder.decoder(Image)(answer)

    def _there(self, owner: Record, fields: Record, file: File) -> Record | None:
        """A picture of the same row and size that belongs to no other record: it was sent by a ledger that is lost."""
        listed = [row for row in self._expected_of(owner) if row.get("size") == len(file.content)]
        owned = self._tools.ledger.owners(_STREAM, [str(row[Image.api.key]) for row in listed])
        free = [row for row in listed if str(row[Image.api.key]) not in owned]
        return min(free, key=lambda row: len(difference(Image, fields, row)), default=None)

    def expect(self, name: str, numbers: Iterable[int]) -> None:
        """Ask for the pictures of many rows at once, before they are asked for one by one.

        Args:
            name: The key of the rows.
            numbers: Their numbers; what was expected before is forgotten.
        """
        listed = sorted(set(numbers))
        self._expected = {key: rows for key, rows in self._expected.items() if key[0] != name}
        self._expected |= {(name, number): [] for number in listed}
        for start in range(0, len(listed), PAGE_SIZE):
            chunk = ",".join(map(str, listed[start : start + PAGE_SIZE]))
            for row in self._tools.finder.rows(Image, (Filter(name, "IN", f"[{chunk}]"),)):
                self._expected.setdefault((name, row[name]), []).append(row)

    def _expected_of(self, owner: Record) -> list[Record]:
        found = [self._expected[each] for each in owner.items() if each in self._expected]
        return found[0] if found else self.of(owner)

    def of(self, owner: Record) -> list[Record]:
        """The pictures that a row has."""
        filters = tuple(Filter(name, "=", str(key)) for name, key in list(owner.items())[:1])
        return list(self._tools.finder.rows(Image, filters))

    def describe(self, number: int, changes: Record) -> None:
        """Change what is written beside a file; doing that twice does no harm."""
        for left in reversed(range(_TRIES if changes else 0)):
            try:
                self._tools.sent(Image, number, changes)
            except UncertainError:
                if not left:
                    raise
                self._tools.pause()
            else:
                return


class _Hanging:
    """The pictures of one row."""

    def __init__(
        self,
        album: Album,
        tools: Tools,
        job: Job,
        owner: Record | None,
        before_change: Callable[[], None],
        *,
        new: bool,
    ) -> None:
        self._album = album
        self._tools = tools
        self._job = job
        self._owner = owner
        self._before_change = before_change
        self._new = new
        self._own: dict[int, Record] | None = None
        self.changed = False

    def hang(self, picture: Picture) -> None:
        """See that the row has a picture."""
        if picture.key is not None and self._job.source is None:
            self._describe_own(picture, picture.key)
            return
        mapped = picture.key is not None and self._job.source is not None
        file = None if mapped else self._album.files.get(picture.url, picture.path)
        key = self._key(picture, file)
        entry = self._tools.ledger.entries(_STREAM, [key]).get(key)
        if entry is not None and entry.lightspeed_id and entry.intended_at is None:
            self._describe_sent(key, entry, picture, file)
        else:
            self._upload(key, entry, picture, file or self._album.files.get(picture.url, picture.path))

    def _key(self, picture: Picture, file: File | None) -> str:
        """A picture of another account is known by its number there, any other by its bytes."""
        if file is None and picture.key is not None and self._job.source is not None:
            return row_key(self._job.source, picture.key)
        return f"{self._job.stream} {self._job.key}/image {file.mark if file else ''}"

    def _upload(self, key: str, entry: Entry | None, picture: Picture, file: File) -> None:
        self._change()
        if self._tools.options.dry_run or self._owner is None:
            return
        row = self._album.upload(key, entry, self._owner, picture.fields, file, new=self._new)
        self._settle(key, str(row[Image.api.key]), picture, file)

    def _describe_sent(self, key: str, entry: Entry, picture: Picture, file: File | None) -> None:
        """A picture that was sent: only what is written beside it can have changed."""
        known = entry.fields
        changes = {
            name: picture.fields[name] for name, mark in digests(picture.fields).items() if known.get(name) != mark
        }
        if not changes:
            return
        self._change()
        if self._tools.options.dry_run:
            return
        try:
            self._album.describe(int(entry.lightspeed_id or 0), changes)
        except NotFoundError:
            self._tools.ledger.forget(_STREAM, key)
            self._upload(key, None, picture, file or self._album.files.get(picture.url, picture.path))
            return
        self._settle(key, str(entry.lightspeed_id), picture, file)

    def _describe_own(self, picture: Picture, number: int) -> None:
        """A picture of the account itself, as the tap has read it."""
        if self._own is None:
            self._own = {row[Image.api.key]: row for row in self._album.of(self._owner)} if self._owner else {}
        if number not in self._own:
            raise RejectedError(f"The row has no {Image.api.key} {number}.")
        changes = difference(Image, picture.fields, self._own[number])
        if changes:
            self._change()
            if not self._tools.options.dry_run:
                self._album.describe(number, changes)

    def _settle(self, key: str, number: str, picture: Picture, file: File | None) -> None:
        marks = {CONTENT: file.mark} if file is not None else {}
        self._tools.ledger.settle(_STREAM, key, number, {**digests(picture.fields), **marks})

    def _change(self) -> None:
        if not self.changed:
            self._before_change()
        self.changed = True


def owner_of(resource: type[Resource], number: int) -> Record:
    """What a picture says of the row that it shows."""
    return {resource.api.key: number}
