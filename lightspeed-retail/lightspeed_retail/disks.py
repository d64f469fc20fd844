"""Whether a file outlives the machine: containers forget what is not on a volume."""

from __future__ import annotations

from pathlib import Path

_PASSING = frozenset({"overlay", "aufs", "tmpfs", "ramfs"})
_MOUNTS = Path("/proc/mounts")


def passing_kind(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system under a path if it ends with the container or with the power; None if it lasts.

    Args:
        path: A file or folder; it need not exist.
        mounts: What is mounted where, as Linux tells it; elsewhere nothing is known.
    """
    try:
        lines = mounts.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [(Path(_plain(fields[1])), fields[2]) for line in lines if len(fields := line.split()) > 2]  # noqa: PLR2004  device, place, kind
    place = path.absolute().resolve()
    around = [
        (len(folder.parts), number, kind) for number, (folder, kind) in enumerate(found) if place.is_relative_to(folder)
    ]
    kind = max(around, default=(0, 0, ""))[2]
    return kind if kind in _PASSING else None


def _plain(place: str) -> str:
    """A blank in a name stands as an octal number in the list of mounts."""
    return place.encode().decode("unicode_escape") if "\\" in place else place
