"""The listings, as data, by the path that each has in the Hub's repository."""

from __future__ import annotations

from typing import Any

from tools import meltano_settings

from .facts import PLUGINS, Plugin, owner, repository
from .selecting import filled

LABEL = "Lightspeed Retail"
LOGO = "lightspeed-retail"
STATUSES = {"3 - Alpha": "development", "4 - Beta": "beta", "5 - Production/Stable": "active"}
"""How far a package is, in the index's words and in the Hub's."""

DOCUMENTATION = "https://developers.lightspeedhq.com/retail/introduction/introduction/"
DESCRIPTION = "Point of sale for retailers, R-Series (not X-Series, the former Vend)"
_OF_EVERY_PACKAGE = {"ELT", "Meltano", "Singer", "lightspeed", "tap", "target"}


def data() -> dict[str, dict[str, Any]]:
    """Every YAML file for the Hub, by its path."""
    variant = owner()
    listings = {f"_data/meltano/{each.kind}/{each.name}/{variant}.yml": listing(each) for each in PLUGINS}
    return {
        "_data/default_variants.yml": {each.kind: {each.name: variant} for each in PLUGINS},
        "_data/maintainers.yml": {variant: _maintainer(variant)},
        **listings,
    }


def listing(plugin: Plugin) -> dict[str, Any]:
    """What the Hub lists of a plugin: its fields in the order of their names, as the Hub wants them."""
    entry, about = plugin.entry(), plugin.about()
    found = {
        **{field: filled(text) for field, text in plugin.texts().items()},
        "capabilities": sorted(about["capabilities"]),
        "commands": entry["commands"],
        "description": DESCRIPTION,
        "domain_url": DOCUMENTATION,
        "keywords": _keywords(plugin),
        "label": LABEL,
        "log_parser": "singer-sdk",
        "logo_url": f"/assets/logos/{plugin.kind}/{LOGO}.png",
        "maintenance_status": _status(plugin),
        "name": plugin.name,
        "namespace": entry["namespace"],
        "pip_url": plugin.name,
        "quality": "silver",
        "repo": repository(),
        "settings": plugin.settings(),
        "settings_group_validation": entry["settings_group_validation"],
        "supported_python_versions": about["supported_python_versions"],
        "variant": owner(),
    }
    return found | ({"select": meltano_settings.selection()} if plugin.kind == "extractors" else {})


def _keywords(plugin: Plugin) -> list[str]:
    """What people look for, and what the Hub goes by."""
    return sorted({"api", "meltano_sdk", *plugin.metadata()["keywords"]} - _OF_EVERY_PACKAGE)


def _status(plugin: Plugin) -> str:
    stages = [each.rpartition(" :: ")[2] for each in plugin.metadata()["classifiers"] if "Development Status" in each]
    return STATUSES[stages[0]]


def _maintainer(variant: str) -> dict[str, str]:
    return {"label": f"{LABEL} for Singer", "name": variant, "url": repository().rpartition("/")[0]}
