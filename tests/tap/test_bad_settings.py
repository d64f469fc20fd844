"""Settings of every wrong kind, out of the schemas: the real commands say in one line which, and show no value."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.errors import LightspeedError
from lightspeed_sandbox.serve import Sandbox
from tap_lightspeed_retail.settings import SCHEMA as TAP
from tap_lightspeed_retail.tap import TapLightspeedRetail
from target_lightspeed_retail.settings import SCHEMA as TARGET
from target_lightspeed_retail.target import TargetLightspeedRetail
from tests import forked
from tests.retailer import small_sandbox, small_store
from tests.tap.running import SPEED, Runs, is_survived_or_refused
from tests.tapping import is_refused_in_a_line, selecting

SENTINEL = "sentinel-value"
EACH: list[Any] = [
    SENTINEL,
    "",
    " ",
    "\n",
    "\0",
    "x\ny",
    5,
    -1,
    0,
    10**30,
    1.5,
    1e308,
    True,
    False,
    [],
    [SENTINEL],
    [None],
    [[]],
    {},
    {SENTINEL: SENTINEL},
    {"sales": None},
    {"sales": [SENTINEL]},
    {"sales": {SENTINEL: [1]}},
]
"""One of each kind, whatever the setting is."""

PLUGINS = {"tap": (TapLightspeedRetail, TAP), "target": (TargetLightspeedRetail, TARGET)}
CASES = [
    *(("tap", name) for name in sorted(TAP["properties"])),
    *(("target", name) for name in sorted(TARGET["properties"]) if name not in TAP["properties"]),
]


def sound(folder: Path) -> dict[str, Any]:
    """Settings with which nothing is wrong, for a host that nobody asks."""
    return {
        "client_id": "c",
        "refresh_token": "r",
        "token_store": str(folder / "t.json"),
        "api_url": "http://127.0.0.1:9",
    }


def said(plugin: str, given: dict[str, Any]) -> str:
    """What the plugin has against some settings, "" for nothing; any error that is not ours is a failure."""
    try:
        PLUGINS[plugin][0](config=given, parse_env_config=False)
    except LightspeedError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("plugin", "name"), CASES)
def test_every_setting_takes_what_fits_and_says_in_one_line_what_does_not(
    tmp_path: Path, plugin: str, name: str
) -> None:
    assert said(plugin, sound(tmp_path)) == ""
    told = 0
    for value in EACH:
        text = said(plugin, {**sound(tmp_path), name: value})
        assert text.isprintable(), (value, text)
        assert SENTINEL not in text or PLUGINS[plugin][1]["properties"][name].get("secret") is None, (value, text)
        assert len(text) < 1000
        told += bool(text)
        assert not text or name in text, (value, text)
    assert told > 5


@pytest.mark.parametrize(("plugin", "name"), CASES)
def test_values_beyond_what_the_schema_allows_are_refused(tmp_path: Path, plugin: str, name: str) -> None:
    schema = PLUGINS[plugin][1]["properties"][name]
    beyond = [schema[bound] + step for bound, step in (("minimum", -1), ("maximum", 1)) if bound in schema]
    beyond += [f"not {schema['enum'][0]}"] if "enum" in schema else []
    for value in beyond:
        assert name in said(plugin, {**sound(tmp_path), name: value})


# The commands


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=2, sales_per_day=3)) as running:
        yield running


@pytest.fixture
def runs(sandbox: Sandbox, tmp_path: Path) -> Runs:
    return Runs(sandbox, tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"5", b"\xff\xfe\x00", b"\x80", b"[" * 100_000, b'{"client_id": NaN}'],
    ids=lambda content: f"{content!r:.20}",
)
@pytest.mark.parametrize("command", [forked.TAP, forked.TARGET], ids=["tap", "target"])
def test_a_settings_file_that_holds_no_object_is_one_clear_line(tmp_path: Path, command: str, content: bytes) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    files = forked.Files(tmp_path / "out", tmp_path / "err")
    assert forked.ended(forked.start(command, ["--config", str(file)], files, speed=SPEED)) == 1
    lines = files.stderr.read_text("utf-8").splitlines()
    assert [line for line in lines if "ERROR" in line] == lines[-1:]
    assert "must hold a JSON object" in lines[-1]


def test_a_settings_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing", tmp_path / ("x" * 300)):
        files = forked.Files(tmp_path / "out", tmp_path / "err")
        assert forked.ended(forked.start(forked.TAP, ["--config", str(place)], files, speed=SPEED)) == 1
    assert "Traceback" not in (tmp_path / "err").read_text("utf-8")
    assert (tmp_path / "err").read_text("utf-8").count("cannot be read") == 3


def test_settings_of_fifty_megabytes_and_with_a_mark_are_read(runs: Runs) -> None:
    content = b"\xef\xbb\xbf" + json.dumps({**runs.settings, "unknown": "x" * 50_000_000}).encode()
    spoken = runs.run(settings=content, catalog=selecting("shops"))
    assert spoken.code == 0, spoken.stderr[-2000:]
    assert spoken.records("shops")


@pytest.mark.parametrize("name", sorted(TAP["properties"]))
def test_the_command_survives_or_refuses_each_setting_of_a_wrong_kind(runs: Runs, name: str) -> None:
    values: list[Any] = [SENTINEL, 0, {SENTINEL: [SENTINEL]}]
    for value in values[: 3 if os.environ.get("LIGHTSPEED_RETAIL_FULL") else 1]:
        spoken = runs.run(settings={**runs.settings, name: value}, catalog=selecting("shops"))
        is_survived_or_refused(spoken)


def test_several_slips_are_one_line(runs: Runs) -> None:
    slips = {"lookback_seconds": -1, "max_connections": "many", "preset": SENTINEL, "shop_ids": 5}
    is_refused_in_a_line(runs.run(settings={**runs.settings, **slips}), *slips)


@pytest.mark.parametrize("option", ["--discover", "--test=schema"])
@pytest.mark.parametrize("name", ["field_names", "personal_data"])
@pytest.mark.parametrize("value", [SENTINEL, [SENTINEL], 5])
def test_what_forms_the_catalog_is_refused_in_a_line_too(tmp_path: Path, option: str, name: str, value: Any) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({name: value}), encoding="utf-8")
    files = forked.Files(tmp_path / "out", tmp_path / "err")
    assert forked.ended(forked.start(forked.TAP, [option, "--config", str(config)], files, speed=SPEED)) == 1
    said = files.stderr.read_text(encoding="utf-8")
    assert name in said
    assert "Traceback" not in said
    assert SENTINEL not in said
