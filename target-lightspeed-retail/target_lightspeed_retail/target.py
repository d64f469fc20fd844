"""The target: its settings. It does not write yet."""

from __future__ import annotations

from typing import Any, ClassVar

from singer_sdk.target_base import Target

from lightspeed_retail.errors import LightspeedError
from lightspeed_retail.settings import check
from target_lightspeed_retail.settings import SCHEMA


class TargetLightspeedRetail(Target):
    """Writes to Lightspeed Retail POS (R-Series)."""

    name = "target-lightspeed-retail"
    config_jsonschema: ClassVar[dict[str, Any]] = SCHEMA

    def get_sink(self, stream_name: str, **_: Any) -> Any:
        """Refuse: better no record than one that is silently thrown away.

        Raises:
            LightspeedError: Always, until sinks exist.
        """
        raise LightspeedError(f"{self.name} {self.plugin_version} can't write yet: {stream_name} was not sent.")

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in words that never show a value; the SDK's own messages would."""
        self.append_builtin_config(self.config_jsonschema)
        return check(self.config, self.config_jsonschema, raise_errors=raise_errors)
