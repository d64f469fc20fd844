"""What all tests share: a clean environment, and the repository's packages on the path."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "orchestrate")]

_FOREIGN = ("TAP_", "TARGET_", "DBT_", "MELTANO_", "LIGHTSPEED_", "PG", "SINGER_SDK_")
_KEPT = {
    "LIGHTSPEED_RECORDINGS",
    "LIGHTSPEED_REFERENCE",
    "LIGHTSPEED_CHROMIUM",
    "LIGHTSPEED_REQUIRE_AIRFLOW",
    "LIGHTSPEED_REQUIRE_BROWSER",
    "LIGHTSPEED_RETAIL_FULL",
}


def _is_foreign(name: str) -> bool:
    return name not in _KEPT and (name.startswith(_FOREIGN) or name.lower().endswith("_proxy"))


for _name in [name for name in os.environ if _is_foreign(name)]:
    del os.environ[_name]

settings.register_profile(
    "suite",
    deadline=None,
    max_examples=25,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switches that write what is checked in anew: the catalog, and what a first load asks for."""
    parser.addoption("--update-catalog", action="store_true", help="write tests/tap/catalog/*.json anew")
    parser.addoption("--update-requests", action="store_true", help="write tests/tap/requests.json anew")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the tests' own: nothing of the developer's is read, nothing is left behind."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            patch.delenv(name)
        yield folder


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds a `.env` of the developer's, and none writes into the repository."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded answers, resolved from where the suite was started."""
    folder = os.environ.get("LIGHTSPEED_RECORDINGS")
    if not folder:
        pytest.skip("LIGHTSPEED_RECORDINGS names no folder of recorded answers")
    path = Path(folder)
    return path if path.is_absolute() else ROOT / path


_SECONDS: defaultdict[str, float] = defaultdict(float)
_SLOWEST = 40


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what the tests of a file take, set-up included; with several workers, where they report to."""
    _SECONDS[report.location[0]] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which files take longest, where all of them were run: the whole has half an hour."""
    if len(_SECONDS) > _SLOWEST:
        terminalreporter.section(f"the {_SLOWEST} slowest files of {sum(_SECONDS.values()):,.0f} s")
        for name, seconds in sorted(_SECONDS.items(), key=itemgetter(1), reverse=True)[:_SLOWEST]:
            terminalreporter.write_line(f"{seconds:7.1f} s {name}")
