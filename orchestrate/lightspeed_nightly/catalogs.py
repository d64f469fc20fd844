"""The tap's catalog, made once a night for all accounts with the same settings, and not anew in each run.

Meltano has the tap print its catalog in every run of `meltano el`, because each run has a folder of its own, and marks
in it what is selected. An account's own settings, whose rows are read and by which grant, change nothing in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lightspeed_nightly.warm import Starter

OWN = frozenset(
    {
        "access_token",
        "account_id",
        "api_url",
        "auth_url",
        "bill_path",
        "client_id",
        "client_secret",
        "refresh_token",
        "token_store",
        "token_url",
    }
)
"""Settings of the tap that are an account's own and change nothing in its catalog."""

_SECONDS = 300.0
_KEPT_DAYS = 3
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Catalogs:
    """Makes catalogs with Meltano, and keeps them in a folder of the project for one night.

    Args:
        starter: Starts Meltano.
        project: The Meltano project's folder.
        night: What the night is known by; a catalog of another night is not taken.
        extractor: The tap.
        loader: The target.
    """

    starter: Starter
    project: Path
    night: str
    extractor: str = "tap-lightspeed-retail"
    loader: str = "target-postgres"

    def arguments(self, environment: Mapping[str, str]) -> list[str]:
        """What `meltano el` is told besides; nothing where no catalog could be made: the run itself says why.

        Args:
            environment: All of the run's environment variables.
        """
        path = self._folder / f"{self._key(environment)}.json"
        if not path.exists() and not self._make(path, environment):
            return []
        return ["--catalog", str(path)]

    @property
    def _folder(self) -> Path:
        return self.project.absolute() / ".meltano" / "run" / "lightspeed-nightly" / "catalogs"

    def _key(self, environment: Mapping[str, str]) -> str:
        """What tells catalogs apart: the night, the project's files, and variables that are not an account's own."""
        prefix = self.extractor.upper().replace("-", "_") + "_"
        own = {prefix + name.upper() for name in OWN}
        given = {name: value for name, value in environment.items() if name.startswith((prefix, "MELTANO_E"))}
        shared = sorted((name, value) for name, value in given.items() if name not in own)
        files = [self._content(name) for name in ("meltano.yml", ".env")]
        told = json.dumps([self.night, self.extractor, self.loader, files, shared])
        return hashlib.sha256(told.encode()).hexdigest()

    def _content(self, name: str) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self.project.joinpath(name).read_text(encoding="utf-8", errors="replace")
        return ""

    def _make(self, path: Path, environment: Mapping[str, str]) -> bool:
        """Have Meltano make a catalog; whether it could."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._forget_old()
        # Another worker may make the same one; each is moved into place whole.
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        names = ["--state-id", path.stem, self.extractor, self.loader]
        command = ["--log-level", "error", "el", "--no-install", "--dump", "catalog", *names]
        try:
            ended = self.starter.run(command, environment, draft, _SECONDS)
            if ended.code != 0 or not _is_catalog(draft):
                return False
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _forget_old(self) -> None:
        last = time.time() - _KEPT_DAYS * _SECONDS_A_DAY
        for old in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if old.stat().st_mtime < last:
                    old.unlink()


def _is_catalog(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["streams"])
    except (ValueError, KeyError, TypeError):
        return False
