"""What may not be read, and what cannot be: such streams are named, all others are read, the exit code can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.account import Account
from lightspeed_sandbox.store import Store
from tests.comparing import above, keys_in, keys_of, parent_of
from tests.declared import RESOURCES
from tests.forwarding import Change, forwarding
from tests.retailer import small_sandbox, small_store
from tests.scripted import Answer, Asked
from tests.tapping import Message, Spoken, Tap, is_refused_in_a_line, selecting

SCOPE = "employee:register_read"
BY_PATH = [resource for resource in RESOURCES if resource.api.parent]
# The account itself is what a run begins with.
REFUSABLE = [resource for resource in RESOURCES if resource is not Account]


@pytest.fixture(scope="module")
def store() -> Store:
    return small_store()


def may_read(resource: type[Resource], scope: str) -> bool:
    """Whether a scope is enough for a resource, and for that with which its rows come."""
    scopes, parent = resource.api.read_scopes, above(resource)
    return (not scopes or scope in scopes) and (parent is None or may_read(parent, scope))


def skipped(spoken: Spoken, resource: type[Resource]) -> list[str]:
    """What is said of a stream that is skipped."""
    return [line for line in spoken.warnings() if f"Stream {resource.api.stream} is skipped" in line]


def is_complete(spoken: Spoken, store: Store, resource: type[Resource]) -> bool:
    return keys_of(resource, spoken.records(resource.api.stream)) == keys_in(store, resource)


@pytest.fixture(scope="module")
def few_rights(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """A run whose token may read what the tills show, and nothing else."""
    with small_sandbox(store) as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("rights"))
        tap.settings["refresh_token"] = sandbox.issue_refresh_token(SCOPE)
        return tap.run_well(catalog=selecting())


@pytest.mark.parametrize("resource", [resource for resource in RESOURCES if may_read(resource, SCOPE)])
def test_what_a_scope_allows_is_read(few_rights: Spoken, store: Store, resource: type[Resource]) -> None:
    assert is_complete(few_rights, store, resource)
    assert skipped(few_rights, resource) == []


@pytest.mark.parametrize("resource", [resource for resource in RESOURCES if not may_read(resource, SCOPE)])
def test_what_a_scope_does_not_allow_is_skipped_by_name(few_rights: Spoken, resource: type[Resource]) -> None:
    assert few_rights.records(resource.api.stream) == []
    (line,) = skipped(few_rights, resource)
    assert "403" in line
    assert " or ".join(resource.api.read_scopes) in line


@dataclass
class Denied:
    """A run in which some streams were denied."""

    spoken: Spoken
    streams: tuple[str, ...]

    def concerns(self, resource: type[Resource]) -> bool:
        """Whether a stream was denied, or that with which its rows come."""
        parent = above(resource) or parent_of(resource, at_first=True)
        return resource.api.stream in self.streams or (parent is not None and self.concerns(parent))


@pytest.fixture(scope="module", params=[0, 1])
def denied(request: pytest.FixtureRequest, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Denied]:
    """Runs in which every other stream is denied, so that each one is denied once."""
    streams = tuple(resource.api.stream for resource in REFUSABLE[request.param :: 2] if not_riding(resource))
    with small_sandbox(store, deny=list(streams)) as sandbox:
        tap = Tap.over(sandbox, tmp_path_factory.mktemp("denied"))
        yield Denied(tap.run_well(catalog=selecting()), streams)


def not_riding(resource: type[Resource]) -> bool:
    """Whether the first load asks for the list of a resource, its own or that below a parent."""
    return parent_of(resource, at_first=True) is None


@pytest.mark.parametrize("resource", REFUSABLE)
def test_each_stream_can_be_denied_and_the_others_are_read(
    denied: Denied, store: Store, resource: type[Resource]
) -> None:
    told = skipped(denied.spoken, resource)
    if denied.concerns(resource):
        assert denied.spoken.records(resource.api.stream) == []
        assert len(told) == 1
        assert all(scope in told[0] for scope in resource.api.read_scopes)
    else:
        assert is_complete(denied.spoken, store, resource)
        assert told == []


def test_a_run_that_is_to_tell_reads_the_rest_and_ends_with_one_line(store: Store, tmp_path: Path) -> None:
    with small_sandbox(store, deny=["sales", "vendors"]) as sandbox:
        tap = Tap.over(sandbox, tmp_path, on_missing_rights="fail")
        spoken = tap.run(catalog=selecting("sales", "sale_lines", "vendors", "items", "workorder_statuses"))
    is_refused_in_a_line(spoken, "sales, sale_lines, vendors", "want of rights")
    assert spoken.streams == {"items", "workorder_statuses"}
    assert spoken.of("STATE")


@pytest.fixture(scope="module", params=["own", "parent"])
def below_parents(
    request: pytest.FixtureRequest, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Spoken, Spoken]:
    """A run that may not read lists below a parent, or the parents themselves; and a run that may."""
    refused = {list_of(resource if request.param == "own" else above(resource) or resource) for resource in BY_PATH}
    catalog = selecting(*(resource.api.stream for resource in BY_PATH))
    folder = tmp_path_factory.mktemp("below")
    with small_sandbox(store, deny=sorted(refused)) as sandbox:
        spoken = Tap.over(sandbox, folder).run_well(catalog=catalog)
    with small_sandbox(store) as sandbox:
        tap = Tap.over(sandbox, folder, token_store=str(folder / "later.json"))
        return spoken, tap.run_well(catalog=catalog, state=spoken.state)


def list_of(resource: type[Resource]) -> str:
    """The stream whose list brings the rows of a resource: its own, unless they ride."""
    parent = parent_of(resource)
    return resource.api.stream if parent is None else list_of(parent)


@pytest.mark.parametrize("resource", BY_PATH)
def test_a_list_below_parents_that_may_not_be_read_is_skipped_once_and_comes_when_it_may(
    below_parents: tuple[Spoken, Spoken], store: Store, resource: type[Resource]
) -> None:
    spoken, later = below_parents
    assert len(skipped(spoken, resource)) == 1
    assert [line for line in spoken.warnings() if resource.api.stream in line] == skipped(spoken, resource)
    assert spoken.of("RECORD") == []
    assert is_complete(later, store, resource)


def answering(path: str, answer: Answer) -> Change:
    """A host that answers one list differently."""
    return lambda asked, usual: answer if asked.path.partition("?")[0].endswith(path) else usual


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"message": "There is nothing at this path.", "httpCode": "404"}),
        (400, {"message": "Not today.", "errorClass": "BadRequestException"}),
        (422, {"message": "Not like this."}),
    ],
)
@pytest.mark.parametrize("name", ["Vendor", "Sale"])
def test_a_list_that_the_api_refuses_is_named_at_the_end_and_the_others_are_read(
    store: Store, tmp_path: Path, name: str, status: int, body: Message
) -> None:
    refused = Resource.named(name)
    streams = ("items", "vendors", "sales", "sale_lines", "workorder_statuses")
    with (
        small_sandbox(store) as sandbox,
        forwarding(sandbox, answering(refused.api.path, Answer(status, body))) as host,
    ):
        spoken = Tap.over(sandbox, tmp_path, api_url=host.url).run(catalog=selecting(*streams))
    lost = {"Vendor": {"vendors"}, "Sale": {"sales", "sale_lines"}}[name]
    is_refused_in_a_line(spoken, *lost, "could not be read")
    assert spoken.streams == set(streams) - lost
    for stream in lost:
        (line,) = [line for line in spoken.warnings() if f"Stream {stream} failed" in line]
        assert str(status) in line
        assert body["message"] in line


def rows_of_a_parent() -> tuple[type[Resource], type[Resource]]:
    """A stream that is asked for parent by parent, and the parent."""
    resource = next(each for each in BY_PATH if not_riding(each) and not each.api.parents)
    return resource, Resource.named(resource.api.parent or "")


def path_below(resource: type[Resource], parent: type[Resource], key: int) -> str:
    before, _, after = resource.api.path.partition(f"{{{parent.api.key}}}")
    return f"{before}{key}{after}"


def test_a_parent_that_is_gone_meanwhile_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    resource, parent = rows_of_a_parent()
    with small_sandbox() as sandbox:
        (gone, *_) = sorted(row[parent.api.key] for row in sandbox.rows(resource))

        def change(asked: Asked, usual: Answer) -> Answer:
            if path_below(resource, parent, gone) not in asked.path:
                return usual
            sandbox.delete(parent, gone)
            return Answer(404, {"message": "gone"})

        with forwarding(sandbox, change) as host:
            spoken = Tap.over(sandbox, tmp_path, api_url=host.url).run_well(catalog=selecting(resource.api.stream))
        assert keys_of(resource, spoken.records(resource.api.stream)) == keys_in(
            sandbox.store, resource, lambda row: row[parent.api.key] != gone
        )
    assert len([line for line in spoken.warnings() if f"{parent.__name__} {gone} is gone" in line]) == 1


def test_a_parent_that_is_there_is_not_taken_for_gone_and_the_next_run_brings_its_rows(
    store: Store, tmp_path: Path
) -> None:
    resource, parent = rows_of_a_parent()
    (there, *_) = sorted(row[parent.api.key] for row in store.select(resource))

    def change(asked: Asked, usual: Answer) -> Answer:
        hit = path_below(resource, parent, there) in asked.path
        return Answer(404, {"message": "not now"}) if hit else usual

    with small_sandbox(store) as sandbox:
        tap = Tap.over(sandbox, tmp_path, lookback_seconds=0)
        with forwarding(sandbox, change) as host:
            tap.settings["api_url"] = host.url
            failed = tap.run(catalog=selecting(resource.api.stream))
        tap.settings["api_url"] = sandbox.url
        spoken = tap.run_well(catalog=selecting(resource.api.stream), state=failed.state)
    is_refused_in_a_line(failed, resource.api.stream, "could not be read")
    assert is_complete(spoken, store, resource)
