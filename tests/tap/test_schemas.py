"""`--test=schema` prints the schemas of what a run would read, and nothing else: a target makes its tables of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lightspeed_retail.resources import Resource
from lightspeed_retail.resources.account import Shop
from lightspeed_retail.resources.labels import Tag
from tests.tapping import COMMAND, Message, discovered, selecting


def schemas(*options: str) -> dict[str, Message]:
    """The schemas that the tap prints, by stream."""
    done = subprocess.run([*COMMAND, "--test=schema", *options], capture_output=True, check=True, timeout=60)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert {message["type"] for message in messages} == {"SCHEMA"}
    found = {message["stream"]: message for message in messages}
    assert len(found) == len(messages)
    return found


def document(folder: Path, catalog: Message) -> str:
    """A catalog's file."""
    path = folder / "catalog.json"
    path.write_text(json.dumps(catalog), encoding="utf-8")
    return str(path)


def test_only_what_a_catalog_selects_wherever_it_stands_on_the_command_line(tmp_path: Path) -> None:
    chosen: tuple[type[Resource], ...] = (Tag, Shop)
    names = [each.api.stream for each in chosen]
    path = document(tmp_path, selecting(*names, off=[(Shop.api.stream, "name")]))
    found = schemas("--catalog", path)
    assert sorted(found) == sorted(names)
    assert found[Tag.api.stream]["key_properties"] == ["accountID", Tag.api.key]
    assert "name" in found[Tag.api.stream]["schema"]["properties"]
    assert "name" not in found[Shop.api.stream]["schema"]["properties"]


@pytest.mark.parametrize("catalog", ["none", "its own"])
def test_all_that_is_on_by_default(tmp_path: Path, catalog: str) -> None:
    options = [] if catalog == "none" else ["--catalog", document(tmp_path, discovered())]
    on = {each.api.stream for each in Resource.all() if each.api.selected}
    found = schemas(*options)
    assert found.keys() == on
    assert "SaleLines" not in found["sales"]["schema"]["properties"]
