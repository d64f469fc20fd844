"""What is known of a plugin elsewhere in the repository: its metadata, its entry in meltano.yml, the texts about it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from singer_sdk.plugin_base import PluginBase

from tap_lightspeed_retail.tap import TapLightspeedRetail
from target_lightspeed_retail.target import TargetLightspeedRetail
from tools import meltano_settings

ROOT = Path(__file__).resolve().parents[2]
HUB = ROOT / "hub"


@dataclass(frozen=True)
class Plugin:
    """A plugin that the Hub lists.

    Args:
        code: Its class.
        kind: What Meltano calls plugins of its kind, in the plural.
    """

    code: type[PluginBase]
    kind: str

    @property
    def name(self) -> str:
        """Its name, and that of its package, its command and its folder."""
        return self.code.name

    def about(self) -> dict[str, Any]:
        """What it says of itself."""
        return meltano_settings.about(self.code)

    def settings(self) -> list[dict[str, Any]]:
        """Its settings in Meltano's words."""
        return meltano_settings.settings(self.code)

    def metadata(self) -> dict[str, Any]:
        """The metadata of its package."""
        return _project(ROOT / self.name)

    def entry(self) -> dict[str, Any]:
        """Its entry in this repository's own Meltano project."""
        entries: list[dict[str, Any]] = _meltano()["plugins"][self.kind]
        return next(each for each in entries if each["name"] == self.name)

    def texts(self) -> dict[str, str]:
        """The Markdown about it in hub/text, by the field of the listing that it belongs to."""
        return {path.stem: path.read_text(encoding="utf-8") for path in (HUB / "text" / self.name).glob("*.md")}


PLUGINS = (Plugin(TapLightspeedRetail, "extractors"), Plugin(TargetLightspeedRetail, "loaders"))


def repository() -> str:
    """Where the code is found: the one place that names it is the workspace's pyproject.toml."""
    address: str = _project(ROOT)["urls"]["Repository"]
    return address


def owner() -> str:
    """Whose repository it is; the Hub names variants so."""
    return repository().split("/")[-2]


@cache
def _project(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


@cache
def _meltano() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(ROOT / "meltano.yml")
    return found
