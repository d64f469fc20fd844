"""The settings of a night: read from the environment, refused with a line that says what they should be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightspeed_nightly.settings import Settings, SettingsError, table
from tests.conftest import ROOT


def test_without_any_the_repository_is_the_project() -> None:
    found = Settings.from_environment({})
    assert found.project == ROOT
    assert (found.project / "meltano.yml").exists()
    assert found.program("meltano") == ROOT / ".venv" / "bin" / "meltano"


def test_each_kind_is_read() -> None:
    given = {
        "PROJECT": "/srv/a project",
        "MINUTES": "7.5",
        "RETRIES": "0",
        "WARM": "no",
        "ACCOUNTS": "table:ops.accounts",
    }
    found = Settings.from_environment({f"LIGHTSPEED_NIGHTLY_{name}": value for name, value in given.items()})
    assert (found.project, found.minutes, found.retries) == (Path("/srv/a project"), 7.5, 0)
    assert (found.warm, found.accounts) == (False, "table:ops.accounts")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MINUTES", "soon", "a number"),
        ("MINUTES", "-1", "not below nought"),
        ("MINUTES", "nan", "a number"),
        ("RETRIES", "2,5", "a whole number"),
        ("WARM", "perhaps", "true or false"),
        ("MINUTE", "5", "There is no setting LIGHTSPEED_NIGHTLY_MINUTE"),
    ],
)
def test_a_wrong_one_is_refused_in_a_line(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"LIGHTSPEED_NIGHTLY_{name}.*{words}|{words}"):
        Settings.from_environment({f"LIGHTSPEED_NIGHTLY_{name}": value})


def test_programs_do_not_see_the_schedulers_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW__CORE__FERNET_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "anything")
    monkeypatch.setenv("TAP_LIGHTSPEED_RETAIL_START_DATE", "2024-01-01")
    found = Settings.from_environment({}).environment()
    assert not {"AIRFLOW__CORE__FERNET_KEY", "PYTHONPATH"} & found.keys()
    assert found["TAP_LIGHTSPEED_RETAIL_START_DATE"] == "2024-01-01"
    assert found["PATH"].startswith(str(ROOT / ".venv" / "bin"))


def test_a_schema_of_its_own_for_each_account() -> None:
    found = Settings.from_environment({"LIGHTSPEED_NIGHTLY_SCHEMA": "shop_{account_id}"})
    assert found.placed(7) == {"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "shop_7"}
    assert Settings.from_environment({}).placed(7) == {}


def test_the_page_lists_them_all() -> None:
    page = (ROOT / "docs" / "many-accounts.md").read_text(encoding="utf-8")
    assert table() in page


def bring_up(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `orchestrate/up` for a night."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "orchestrate"), **variables}
    command = [sys.executable, "-m", "local_cluster", "--folder", str(tmp_path / "cluster"), "--night", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def is_refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    """A run that ended with a line that holds these words."""
    assert done.returncode == 1
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_slip_is_told_before_anything_is_started(tmp_path: Path) -> None:
    is_refused(bring_up(tmp_path, LIGHTSPEED_NIGHTLY_MINUTE="5"), "There is no setting LIGHTSPEED_NIGHTLY_MINUTE")
    assert not (tmp_path / "cluster").exists()


def test_settings_may_stand_in_the_projects_env_file(tmp_path: Path) -> None:
    project = ["--project", str(tmp_path)]
    (tmp_path / ".env").write_text('LIGHTSPEED_NIGHTLY_RETRIES="often"\nLIGHTSPEED_NIGHTLY_MINUTES=5\n')
    is_refused(bring_up(tmp_path, *project), "LIGHTSPEED_NIGHTLY_RETRIES")
    (tmp_path / ".env").write_bytes(b"NAME=\xff")
    is_refused(bring_up(tmp_path, *project), "cannot be read")


def test_what_is_set_counts_more_than_the_env_file(tmp_path: Path) -> None:
    project = ["--project", str(tmp_path)]
    (tmp_path / ".env").write_text("LIGHTSPEED_NIGHTLY_RETRIES=often\nLIGHTSPEED_NIGHTLY_MINUTES=5\n")
    done = bring_up(tmp_path, *project, LIGHTSPEED_NIGHTLY_RETRIES="1", LIGHTSPEED_NIGHTLY_MINUTES="soon")
    is_refused(done, "LIGHTSPEED_NIGHTLY_MINUTES")
