"""Writes docs/settings.md: every setting of the tap and of the target, from their declarations.

python tools/settings_page.py          writes it
python tools/settings_page.py --check  fails if it is not as it would be written
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from singer_sdk.plugin_base import PluginBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lightspeed_retail.settings import CONNECTION
from tap_lightspeed_retail.settings import FORM, HOW, READING, WHAT
from tap_lightspeed_retail.tap import TapLightspeedRetail
from target_lightspeed_retail.settings import WRITING
from target_lightspeed_retail.target import TargetLightspeedRetail
from tools.meltano_settings import about

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
PLUGINS = (TapLightspeedRetail, TargetLightspeedRetail)
Settings = Mapping[str, Mapping[str, Any]]

_NAMES = {"date-time": "date or date-time", "date": "date"}

_HEAD = """\
# Settings

Written by `tools/settings_page.py` from the declarations. The tap, `tap-lightspeed-retail`, and the target,
`target-lightspeed-retail`, take the settings below in any of these ways; the first one that says something counts:

| Where | How |
| --- | --- |
| environment, or `.env` beside `meltano.yml` | `TAP_LIGHTSPEED_RETAIL_MAX_DRIPS=2000`, `TARGET_LIGHTSPEED_RETAIL_...` |
| `meltano.yml` | below `config:`, or `meltano config set tap-lightspeed-retail max_drips 2000` |
| without Meltano | a JSON file: `--config config.json`; with `--config=ENV` the environment |

In the environment, lists and objects are JSON: `TAP_LIGHTSPEED_RETAIL_SHOP_IDS='[1, 2]'`. Settings that are marked
*secret* belong into the environment or `.env`, never into `meltano.yml`; no log shows them. A setting that is misspelt
or does not fit is told in one line, before anything is read or sent. To see whether all is well:

```console
$ meltano config test tap-lightspeed-retail
$ meltano invoke tap-lightspeed-retail:doctor
```
"""

_ENVIRONMENT = """\
## Only in the environment

| Variable | What it does |
| --- | --- |
| `LIGHTSPEED_RETAIL_TOKEN_KEY` | [Encrypts tokens](../lightspeed-retail/README.md#tokens) in their store. *secret* |
| `HTTPS_PROXY`, `NO_PROXY` | The proxy through which Lightspeed is reached, and hosts that are reached without it. |
| `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` | Certificate authorities to trust, where `ca_bundle` is not set. |
| `LOGLEVEL` | How much is logged: `DEBUG`, `INFO`, `WARNING`, `ERROR`. |
| `SINGER_SDK_LOG_CONFIG` | A file that says how to log; Meltano sets it. |
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_sections(), _ENVIRONMENT])


def _sections() -> Iterator[str]:
    own = {**CONNECTION, **READING, **WRITING}
    sdk = {name: each for plugin in PLUGINS for name, each in _all(plugin).items() if name not in own}
    yield _section("Reaching the account", "Of the tap and of the target, each with its own prefix.", CONNECTION)
    yield _section("What the tap reads", "[Reading less, or once more](reading.md#reading-less-or-once-more).", WHAT)
    yield _section("How it reads", "[How the tap reads](reading.md), [Speed](speed.md).", HOW)
    yield _section("In which form", "[Types, names, personal data](reading.md#types-names-and-personal-data).", FORM)
    yield _section("What the target writes, and how", "[Writing to Lightspeed](target.md).", WRITING)
    yield _section("Of the Singer SDK", "What plugins that are built on it have in common.", sdk)


def _all(plugin: type[PluginBase]) -> Settings:
    """What a plugin says of its settings."""
    found: Settings = about(plugin)["settings"]["properties"]
    return found


def _section(title: str, words: str, settings: Settings) -> str:
    """A heading, a sentence, and a line for each setting."""
    lines = "".join(_line(name, schema) for name, schema in settings.items())
    return f"## {title}\n\n{words}\n\n| Setting | Kind | What it does |\n| --- | --- | --- |\n{lines}"


def _line(name: str, schema: Mapping[str, Any]) -> str:
    marks = " *secret*" if schema.get("secret") else ""
    text = schema["description"].replace("|", "\\|").replace("\n", " ")
    return f"| `{name}` | {_kind(schema)} | {text}{_default(schema)}{marks} |\n"


def _kind(schema: Mapping[str, Any]) -> str:
    """What values are taken."""
    values = [value for value in schema.get("enum", []) if value is not None]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = ", ".join(f"`{value}`" for value in values) or _NAMES.get(schema.get("format", ""), str(types[0]))
    return kind + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None:
        return ""
    return f", {least} to {most:,}" if most is not None else f", at least {least}"


def _default(schema: Mapping[str, Any]) -> str:
    """What is taken where nothing is set, if that is more than nothing."""
    default = schema.get("default")
    return "" if default in (None, False) else f" Default: `{json.dumps(default).strip(chr(34))}`."


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    check = parser.parse_args().check
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()
    if check and stale:
        sys.stderr.write(f"{PAGE.name} is not up to date: run python tools/settings_page.py.\n")
        return 1
    if stale:
        PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
