"""Writes the sources and the staging models, or checks that they are as they would be written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .documents import documents
from .models import models
from .writing import text

MODELS = Path(__file__).resolve().parents[2] / "transform" / "models"


def written() -> dict[Path, str]:
    """Every file and its text."""
    found = {MODELS / name: content for name, content in documents(models()).items()}
    for model in models():
        found[MODELS / "staging" / model.area / f"{model.name}.sql"] = text(model)
    return found


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(prog="dbt_sources.py", description="Sources and staging models of transform/")
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    check = parser.parse_args().check
    files = written()
    stale = [path for path, content in files.items() if _read(path) != content]
    surplus = [path for path in (MODELS / "staging").rglob("*") if path.is_file() and path not in files]
    if check and (stale or surplus):
        names = ", ".join(sorted(path.name for path in [*stale, *surplus]))
        sys.stderr.write(f"Not up to date: {names}. Run python tools/dbt_sources.py.\n")
        return 1
    if not check:
        _write({path: files[path] for path in stale}, surplus)
    return 0


def _write(files: dict[Path, str], surplus: list[Path]) -> None:
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for path in surplus:
        path.unlink()


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
