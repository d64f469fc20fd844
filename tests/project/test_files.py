"""The repository's files: what is generated is up to date, and nothing names a machine or a registry."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

MADE = {".airflow", ".audit", ".bench", ".coverage", ".demo", ".docs", ".meltano", ".mutants", ".venv"}
IGNORED = MADE | {".git", ".hypothesis", "__pycache__"}
BINARY = {".sqlite", ".pyc", ".png", ".svg"}


@cache
def files() -> tuple[Path, ...]:
    """Every text file of the repository, without what tools leave behind."""
    found = []
    for folder, names, here in os.walk(ROOT):
        names[:] = [name for name in names if name not in IGNORED and not name.endswith(("_cache", ".egg-info"))]
        found += [Path(folder, name) for name in here if Path(name).suffix not in BINARY]
    return tuple(found)


def naming(pattern: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """Files in which a pattern is found."""
    found = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if name not in (*but, "tests/project/test_files.py") and re.search(pattern, _text(path)):
            found.append(name)
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("tool", ["meltano_settings.py", "streams_page.py"])
def test_what_is_generated_follows_the_declarations_and_settings(tool: str) -> None:
    command = [sys.executable, str(ROOT / "tools" / tool), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_meltano_project_sends_no_statistics() -> None:
    assert "send_anonymous_usage_stats: false" in _text(ROOT / "meltano.yml")


def test_no_file_names_a_package_registry() -> None:
    assert naming(r"(?i)index[-_]url\s*=?\s*https?://|https?://\S*/simple\b") == []


def test_the_lock_names_no_address_and_a_hash_for_every_package() -> None:
    lock = _text(ROOT / "requirements.txt")
    pinned = re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", lock, flags=re.MULTILINE)
    assert len(pinned) > 50
    assert re.search(r"://|--index|--find-links", lock) is None
    blocks = re.split(r"^(?=[a-z0-9._-]+(?:\[[^]]*\])?==)", lock, flags=re.MULTILINE)[1:]
    assert [block.partition("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert naming(r"(?<![\w.])/(?:home|Users|root|work)/\w") == []


def test_exactly_one_installed_distribution_provides_backoff() -> None:
    assert importlib.metadata.packages_distributions()["backoff"] == ["python-backoff"]


def test_every_make_command_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", _text(ROOT / "Makefile"), flags=re.MULTILINE))
    pages = [page for page in files() if page.suffix == ".md"]
    named = {
        name for page in pages for name in re.findall(r"^ {4}make ([a-z]+)|`make ([a-z]+)`", _text(page), re.MULTILINE)
    }
    assert pages
    assert {name for pair in named for name in pair if name} <= targets


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in files()
        if page.suffix == ".md"
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", _text(page))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_licence_stands_in_every_package() -> None:
    for folder in (path.parent for path in ROOT.glob("*/pyproject.toml")):
        assert "Apache License" in _text(folder / "LICENSE"), folder.name


def test_foreign_settings_in_the_environment_do_not_reach_the_tests() -> None:
    """The suite passes whatever a developer has set; conftest has cleared it before anything was imported."""
    code = "import os, tests.conftest; print([name for name in os.environ if name.startswith(('TAP_', 'MELTANO_'))])"
    hostile = {**os.environ, "TAP_LIGHTSPEED_RETAIL_API_URL": "http://nowhere.invalid", "MELTANO_ENVIRONMENT": "prod"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=hostile, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
