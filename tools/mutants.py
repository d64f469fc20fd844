"""Changes the code in small ways and says which changes no test notices; run by make mutants.

It uses cosmic-ray, in an environment of its own, on a copy of the tree. `[tool.mutants]` in pyproject.toml says which
tests watch which modules. Of the many ways to change one place a single one is tried, chosen by the seed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".mutants"
TOOL = "cosmic-ray==8.7.0"
SLOWEST = 180.0
"""Seconds after which the tests of a change have hung."""


@dataclass(frozen=True)
class Group:
    """Modules, and the tests that watch them.

    Args:
        name: What they are about.
        modules: Their paths, as patterns.
        tests: Paths of tests.
    """

    name: str
    modules: list[str]
    tests: list[str]

    @classmethod
    def all(cls) -> dict[str, Group]:
        """The groups that pyproject.toml names."""
        declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutants"]
        return {name: cls(name, group["modules"], group["tests"]) for name, group in declared.items()}


def main() -> int:
    """Try the changes of some groups; 1 if one of them went unnoticed."""
    groups = Group.all()
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"some of: {', '.join(groups)}")
    parser.add_argument("--most", type=int, default=150, help="changes of a group (150)")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    survived = 0
    for name in asked.groups or groups:
        trial = Trial(groups[name])
        trial.prepare(asked.most, asked.seed)
        trial.run()
        survived += trial.report()
    return 1 if survived else 0


class Trial:
    """The changes of one group, in a copy of the tree."""

    def __init__(self, group: Group) -> None:
        """Keep all that is made in a folder of the group."""
        self._group = group
        self._folder = HOME / group.name
        self._tree = self._folder / "tree"
        self._session = self._folder / "session.sqlite"

    def prepare(self, most: int, seed: int) -> None:
        """Copy the tree, see that its tests pass, and choose the changes."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._tree.mkdir(parents=True)
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.decode().split("\0")):
            target = self._tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        (self._folder / "settings.toml").write_text(self._settings(), encoding="utf-8")
        self._call("cosmic-ray", "baseline", "../settings.toml")
        self._call("cosmic-ray", "init", "../settings.toml", "../session.sqlite")
        self._call("cr-filter-operators", "../session.sqlite", "../settings.toml")
        self._choose(most, random.Random(seed))

    def _settings(self) -> str:
        modules = [str(path.relative_to(ROOT)) for each in self._group.modules for path in sorted(ROOT.glob(each))]
        tests = " ".join(self._group.tests)
        command = f"{ROOT}/.venv/bin/python -m pytest -x -q -n 0 -p no:cacheprovider {tests}"
        return "\n".join(
            (
                "[cosmic-ray]",
                f"module-path = {json.dumps(modules)}",
                f"timeout = {SLOWEST}",
                "excluded-modules = []",
                f"test-command = {json.dumps(command)}",
                '[cosmic-ray.distributor]\nname = "local"',
                # Annotations are not evaluated: `int | None` can be changed at will.
                "[cosmic-ray.filters.operators-filter]",
                'exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]',
            )
        )

    def _choose(self, most: int, chance: random.Random) -> None:
        """Leave one change of each kind and place, and of these so many."""
        with sqlite3.connect(self._session) as session:
            query = "SELECT module_path, start_pos_row, start_pos_col, operator_name, job_id FROM mutation_specs"
            done = {job for (job,) in session.execute("SELECT job_id FROM work_results")}
            ways: dict[tuple[Any, ...], list[str]] = {}
            for module, row, column, operator, job in session.execute(query):
                if job not in done:
                    ways.setdefault((module, row, column, operator.partition("_")[0]), []).append(job)
            chosen = [chance.choice(jobs) for jobs in ways.values()]
            kept = set(chance.sample(chosen, min(most, len(chosen))))
            unwanted = [(job,) for (job,) in session.execute("SELECT job_id FROM work_items") if job not in kept]
            for table in ("work_results", "mutation_specs", "work_items"):
                session.executemany(f"DELETE FROM {table} WHERE job_id = ?", unwanted)  # noqa: S608  names from here
        sys.stderr.write(f"{self._group.name}: {len(kept)} changes of {len(chosen)} places\n")

    def run(self) -> None:
        """Try every change."""
        self._call("cosmic-ray", "exec", "../settings.toml", "../session.sqlite")

    def _call(self, name: str, *arguments: str) -> None:
        # The tests run the copy, not what is installed.
        packages = os.pathsep.join(str(each.parent) for each in self._tree.glob("*/pyproject.toml"))
        environment = {**os.environ, "PYTHONPATH": packages}
        # The first run compiles for all others; what is compiled of a change must not be taken for the next one.
        if "baseline" not in arguments:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        subprocess.run([_program(name), *arguments], cwd=self._tree, env=environment, check=True)

    def report(self) -> int:
        """Say which changes no test noticed, and how many they are."""
        found = list(self._outcomes())
        for outcome, change in found:
            if outcome == "survived":
                sys.stdout.write(f"\n{change}\n")
        survived = sum(outcome == "survived" for outcome, _ in found)
        sys.stdout.write(f"{self._group.name}: {len(found)} changes, {survived} unnoticed\n")
        return survived

    def _outcomes(self) -> Iterator[tuple[str, str]]:
        with sqlite3.connect(self._session) as session:
            for outcome, change in session.execute("SELECT test_outcome, diff FROM work_results"):
                yield str(outcome).rpartition(".")[2].lower(), str(change)


def _program(name: str) -> Path:
    """A program of the tool, which is installed when it is needed."""
    place = HOME / "environment" / "bin"
    if not (place / "cosmic-ray").exists():
        venv.create(place.parent, with_pip=True)
        subprocess.run([place / "python", "-m", "pip", "install", "-qq", TOOL], check=True)
    return place / name


if __name__ == "__main__":
    sys.exit(main())
