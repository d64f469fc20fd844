"""Catalogs that are made once for many accounts: the ones that the runs would have made, and only where they would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from lightspeed_nightly.catalogs import OWN, Catalogs
from lightspeed_nightly.warm import Ended
from tap_lightspeed_retail.settings import SCHEMA
from tests.tapping import Tap, catalog_for

PREFIX = "TAP_LIGHTSPEED_RETAIL_"
VALUES: dict[str, Any] = {"account_id": "100002", "token_store": "sqlite:///t.db"}
"""Values of settings that may not be any text."""


@dataclass
class Scripted:
    """Starts nothing; writes what it is given, as Meltano would.

    Args:
        said: What it writes.
        code: How it ends.
    """

    said: str = '{"streams": [{"tap_stream_id": "tags"}]}'
    code: int = 0
    asked: list[list[str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing runs any more."""

    def run(self, arguments: list[str], environment: Mapping[str, str], log: Path, seconds: float | None) -> Ended:
        """Keep what was asked for."""
        self.asked.append(arguments)
        log.write_text(self.said, encoding="utf-8")
        return Ended(self.code, 1.0)


def project(folder: Path) -> Path:
    (folder / "meltano.yml").write_text("plugins: {}\n", encoding="utf-8")
    return folder


def test_what_is_an_accounts_own_is_a_setting_that_leaves_the_catalog_as_it_is(tmp_path: Path) -> None:
    assert set(SCHEMA["properties"]) >= OWN
    own = {name: VALUES.get(name, "http://127.0.0.1:1") for name in OWN}
    assert catalog_for(Tap(tmp_path, own)) == catalog_for(Tap(tmp_path, {"access_token": "one"}))


def test_accounts_share_a_catalog_but_not_with_other_settings_nights_or_projects(tmp_path: Path) -> None:
    starter = Scripted()
    catalogs = Catalogs(starter, project(tmp_path), "2026-11-21")
    first = catalogs.arguments({PREFIX + "ACCOUNT_ID": "1", "OTHER": "1"})
    assert first[0] == "--catalog"
    assert json.loads(Path(first[1]).read_text(encoding="utf-8"))["streams"]
    assert catalogs.arguments({PREFIX + "ACCOUNT_ID": "2", PREFIX + "REFRESH_TOKEN": "x"}) == first
    assert len(starter.asked) == 1
    others = [
        catalogs.arguments({PREFIX + "_SELECT": '["tags.*"]'}),
        catalogs.arguments({PREFIX + "FIELD_NAMES": "snake_case"}),
        Catalogs(starter, tmp_path, "2026-11-22").arguments({}),
    ]
    (tmp_path / "meltano.yml").write_text("plugins: {extractors: []}\n", encoding="utf-8")
    others.append(catalogs.arguments({}))
    assert len({path for _, path in (first, *others)}) == 1 + len(others)
    assert len(starter.asked) == 1 + len(others)


@pytest.mark.parametrize(("said", "code"), [("", 0), ("no JSON", 0), ("{}", 0), ('{"streams": [{}]}', 1)])
def test_where_no_catalog_can_be_made_the_run_is_left_to_make_one(said: str, code: int, tmp_path: Path) -> None:
    catalogs = Catalogs(Scripted(said, code), project(tmp_path), "2026-11-21")
    assert catalogs.arguments({}) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "meltano.yml"]


def test_no_grant_is_told_by_a_catalogs_name_or_what_is_in_it(tmp_path: Path) -> None:
    found = Catalogs(Scripted(), project(tmp_path), "n").arguments({PREFIX + "REFRESH_TOKEN": "hidden"})
    assert found == Catalogs(Scripted(), tmp_path, "n").arguments({})
    assert Path(found[1]).stat().st_mode & 0o077 == 0
