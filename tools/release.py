"""Prepares a release, and checks that what is about to be published is the release that the tag names.

python tools/release.py 0.2.0                     writes the changelog's section, the pins and the fallback versions
python tools/release.py --check v0.2.0 dist/*     fails where these, or the files, are not of that version
python tools/release.py --notes v0.2.0            prints what the changelog says of it

All four packages have one version: that of the tag. Trees without tags fall back on the last release, and the packages
that build on lightspeed-retail take any of the same series.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = "lightspeed-retail"
"""The package that the others build on."""

_NUMBER = r"[0-9]+\.[0-9]+\.[0-9]+"
_FALLBACK = re.compile(rf'^(fallback-version = ")({_NUMBER})(")$', re.MULTILINE)
_PIN = re.compile(rf'("{SHARED}~=)({_NUMBER})(")')
_HEADING = re.compile(rf"^## \[({_NUMBER})\] - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$", re.MULTILINE)
_UNRELEASED = "## [Unreleased]\n"


def packages() -> list[Path]:
    """The `pyproject.toml` of every package."""
    return sorted(ROOT.glob("*/pyproject.toml"))


def prepare(version: str) -> None:
    """Write a version wherever one stands.

    Raises:
        ValueError: The changelog has it already, or nothing to say of it.
    """
    changelog = ROOT / "CHANGELOG.md"
    changed = _released(changelog.read_text(encoding="utf-8"), version)
    for path in packages():
        text = _FALLBACK.sub(rf"\g<1>{version}\g<3>", path.read_text(encoding="utf-8"))
        path.write_text(_PIN.sub(rf"\g<1>{version}\g<3>", text), encoding="utf-8")
    changelog.write_text(changed, encoding="utf-8")


def _released(changelog: str, version: str) -> str:
    """The changelog once its unreleased part is a release."""
    before, mark, after = changelog.partition(_UNRELEASED)
    if not mark or f"## [{version}]" in changelog:
        raise ValueError(f"CHANGELOG.md lacks the section [Unreleased], or has {version} already.")
    if not after.partition("\n## [")[0].strip():
        raise ValueError("CHANGELOG.md says of nothing that it has changed since the last release.")
    return f"{before}{mark}\n## [{version}] - {datetime.now(UTC).date().isoformat()}\n{after}"


def notes(version: str) -> str:
    """What the changelog says of a release; nothing if it does not name it."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    _, _, found = changelog.partition(f"\n## [{version}] - ")
    return found.partition("\n")[2].partition("\n## [")[0].strip()


def problems(version: str, files: Sequence[Path] = ()) -> Iterator[str]:
    """What says another version than this one, a line each.

    Args:
        version: The version that the tag names.
        files: Wheels and source archives that are to be published.
    """
    found = _HEADING.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if found is None or found[1] != version:
        yield f"CHANGELOG.md: the newest release is {found[1] if found else 'none'}, not {version}."
    for path in packages():
        yield from _strays(path, version)
    expected = {
        name
        for path in packages()
        for stem in [f"{path.parent.name.replace('-', '_')}-{version}"]
        for name in (f"{stem}.tar.gz", f"{stem}-py3-none-any.whl")
    }
    if files and (names := {path.name for path in files}) != expected:
        yield f"Files: {', '.join(sorted(names ^ expected))} lacking or too many."


def _strays(path: Path, version: str) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    said = [match[2] for pattern in (_FALLBACK, _PIN) for match in pattern.finditer(text)]
    wanted = 1 if path.parent.name == SHARED else 2
    if said != [version] * wanted:
        yield f"{path.parent.name}: fallback version and pin are {' and '.join(said) or 'lacking'}, not {version}."


def main() -> int:
    """Prepare, check, or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="the version, with or without a v before it")
    parser.add_argument("files", nargs="*", type=Path, help="with --check: what is to be published")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="change nothing, fail if something says another version")
    what.add_argument("--notes", action="store_true", help="print the changelog's section")
    given = parser.parse_args()
    version = given.version.removeprefix("v")
    if not re.fullmatch(_NUMBER, version):
        parser.error("a version is three numbers, as in 0.2.0")
    if given.check:
        found = list(problems(version, given.files))
        sys.stderr.write("".join(f"{line}\n" for line in found))
        return 1 if found else 0
    if given.notes:
        sys.stdout.write(f"{notes(version)}\n")
        return 0
    return _prepare(version)


def _prepare(version: str) -> int:
    try:
        prepare(version)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"Prepared {version}: read the changelog once more, commit, and after the review\n"
        f"    git tag -a v{version} -m v{version} && git push origin v{version}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
