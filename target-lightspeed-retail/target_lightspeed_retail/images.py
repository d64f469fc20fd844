"""Writes pictures: those that stand in a record of an item, and those of a stream of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lightspeed_retail.resources import Resource
from lightspeed_retail.wire import Record
from target_lightspeed_retail.album import CONTENT, Album, owner_of
from target_lightspeed_retail.files import File, mark_of
from target_lightspeed_retail.jobs import Job
from target_lightspeed_retail.known import Known, number_of
from target_lightspeed_retail.ledger import digest
from target_lightspeed_retail.outcome import Operation
from target_lightspeed_retail.pictures import IMAGES, PLACES, Picture, picture_of, pictures_of
from target_lightspeed_retail.records import RejectedError
from target_lightspeed_retail.results import Result
from target_lightspeed_retail.steps import Step
from target_lightspeed_retail.tools import Tools
from target_lightspeed_retail.writer import Writer

_FILES = "@files"
"""What the ledger keeps beside the digests: a fingerprint of the bytes of files that lie in the working folder."""

_OWNERS = ("itemID", "itemMatrixID")


class _WithFiles(Writer):
    """Writes records that name files; one whose bytes have changed is not as it was."""

    def __init__(self, resource: type[Resource], tools: Tools) -> None:
        """Nothing is fetched yet."""
        super().__init__(resource, tools)
        self.album = Album(tools)

    def _is_settled(self, job: Job) -> bool:
        marks = self._marks_of_files(job)
        if marks is not None:
            job.digests[_FILES] = marks
        return super()._is_settled(job)

    def _marks_of_files(self, job: Job) -> str | None:
        """One for all the files of a record; that of the ledger, where one of them is gone since it was sent."""
        try:
            paths = [picture.path for picture in self.pictures(job) if picture.path is not None]
            return digest([mark_of(self.album.files.read(path)) for path in paths]) if paths else None
        except RejectedError:
            return job.entry.fields.get(_FILES) if job.entry is not None else None

    def pictures(self, job: Job) -> list[Picture]:
        """The pictures that a record names."""
        raise NotImplementedError


class PicturedWriter(_WithFiles):
    """Writes items and matrices, and the pictures that stand in their records."""

    def _known(self, ready: list[tuple[Job, Record]]) -> Known:
        changed = [job for job, _ in ready if self._has_new_pictures(job)]
        self.album.expect(self.resource.api.key, [key for job in changed if (key := number_of(job)) is not None])
        return super()._known(ready)

    def _has_new_pictures(self, job: Job) -> bool:
        known = job.entry.fields if job.entry is not None else {}
        return any(known.get(name) != job.digests[name] for name in (IMAGES, _FILES) if name in job.digests)

    def pictures(self, job: Job) -> list[Picture]:
        """The list `Images`."""
        return pictures_of(job.record) or []

    def prepared(self, job: Job, record: Record) -> Record:
        """A record whose pictures are described as they should be."""
        self.pictures(job)
        return super().prepared(job, record)

    def finish(self, job: Job, row: Record, result: Result, *, written: bool = True) -> None:
        """Hang the pictures, then note that the record is done: one that lacks a picture is tried again."""
        if not self._has_new_pictures(job):
            super().finish(job, row, result, written=written)
            return
        marks = {name: job.digests.pop(name) for name in (_FILES, IMAGES) if name in job.digests}
        self._settle(job, row, written=written)
        number = row.get(self.resource.api.key)
        owner = owner_of(self.resource, int(number)) if number else None
        changed = self.album.hang(
            job,
            owner,
            self.pictures(job),
            lambda: self._allow(job, result),
            new=result.operation is Operation.CREATED,
        )
        if not self.tools.options.dry_run:
            self.tools.ledger.settle(job.stream, job.key, self._id(row), marks)
        self._note(job, _with_pictures(result) if changed else result)

    def _allow(self, job: Job, result: Result) -> None:
        """A record counts as changed once."""
        if result.operation is Operation.UNCHANGED:
            self.tools.results.allow_change(job)


def _with_pictures(result: Result) -> Result:
    changed = result.changed
    named = {**changed, IMAGES: (None, "new or changed")} if isinstance(changed, Mapping) else [*changed, IMAGES]
    unchanged = result.operation is Operation.UNCHANGED
    return replace(result, changed=named, operation=Operation.UPDATED if unchanged else result.operation)


class ImageWriter(_WithFiles):
    """Writes the stream of pictures.

    The API replaces no file: another one becomes a new row in the place of the old one.
    """

    def _known(self, ready: list[tuple[Job, Record]]) -> Known:
        new = [record for job, record in ready if number_of(job) is None]
        for name in _OWNERS:
            self.album.expect(name, [int(record[name]) for record in new if record.get(name)])
        return super()._known(ready)

    def pictures(self, job: Job) -> list[Picture]:
        """The one picture that the record is."""
        return [picture_of(job.record, self.resource.__name__)]

    def _is_blind(self, job: Job, record: Record) -> bool:
        """Not where the picture was sent with its item: then little is known of what it has."""
        known = job.entry.fields if job.entry is not None else {}
        whole = all(name in known for name in job.digests)
        return whole and not self._names_another_file(job) and super()._is_blind(job, record)

    def make(self, job: Job, body: Record) -> Record:
        """Send the file with what stands beside it."""
        return self._uploaded(job, body, self._file(job))

    def body_of_new(self, record: Record) -> Record:
        """A new picture shows an item or a matrix."""
        body = super().body_of_new(record)
        if not any(body.get(name) for name in _OWNERS):
            raise RejectedError("A new image needs itemID or itemMatrixID, or an Item by which it is found.")
        return body

    def update(self, step: Step, known: Known) -> None:
        """Send another file if it is another one, else what differs beside it."""
        if not self._names_another_file(step.job):
            super().update(step, known)
            return
        file = self._file(step.job)
        before = step.job.entry.fields.get(CONTENT) if step.job.entry is not None else None
        there = step.row or {}
        if before == file.mark or (before is None and there.get("size") == len(file.content)):
            step.job.digests[CONTENT] = file.mark
            super().update(step, known)
            return
        self._replace(step, file, known)

    def _names_another_file(self, job: Job) -> bool:
        known = job.entry.fields if job.entry is not None else {}
        return any(known.get(name) != job.digests[name] for name in (*PLACES, _FILES) if name in job.digests)

    def _replace(self, step: Step, file: File, known: Known) -> None:
        job, old = step.job, int(self._id(step.row or {}))
        self.tools.results.allow_archive(job)
        changed = [name for name in PLACES if job.record.get(name)]
        if self.tools.options.dry_run:
            self._note(job, Result.updated(str(old), changed))
            return
        body = {**(step.row or {}), **{name: value for name, value in step.record.items() if value is not None}}
        row = self._uploaded(job, self.body_of_new(body), file)
        self._settle(job, row)
        self._remove(old)
        known.forget(old)
        known.add(row)
        self._note(job, Result.updated(self._id(row), changed))

    def _file(self, job: Job) -> File:
        (picture,) = self.pictures(job)
        return self.album.files.get(picture.url, picture.path)

    def _uploaded(self, job: Job, body: Record, file: File) -> Record:
        job.digests[CONTENT] = file.mark
        owner = {name: body[name] for name in _OWNERS if body.get(name)}
        fields = {name: value for name, value in body.items() if name not in _OWNERS}
        return self.album.upload(job.key, job.entry, owner, fields, file, new=False)
