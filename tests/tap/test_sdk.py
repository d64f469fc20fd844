"""The SDK's own test class, as a smoke test: it notices little, but what it notices must hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from singer_sdk.testing.runners import TapTestRunner

from tap_lightspeed_retail.tap import TapLightspeedRetail
from tests.retailer import small_sandbox, small_store
from tests.tapping import selecting

# Streams that are off by default would bring nothing to look at.
_OPTIONS: dict[str, Any] = {"parse_env_config": False, "catalog": selecting()}
# Streams are known without a connection, so that the class can be made before there is a sandbox.
_BASE: Any = get_tap_test_class(TapLightspeedRetail, config={"access_token": "unused"}, **_OPTIONS)


class TestTheSdksOwnDemands(_BASE):  # type: ignore[misc]  # the SDK makes the class at run time
    """The tap does what the SDK expects of any tap."""

    @pytest.fixture(scope="class")
    @classmethod
    def runner(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TapTestRunner]:
        """The SDK's runner, over a sandbox."""
        with small_sandbox(small_store()) as sandbox:
            config = {
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "refresh_token": sandbox.issue_refresh_token(),
                "token_store": str(tmp_path_factory.mktemp("sdk") / "tokens.json"),
                "api_url": sandbox.url,
                "auth_url": sandbox.url,
            }
            runner = TapTestRunner(TapLightspeedRetail, config, SuiteConfig(), **_OPTIONS)
            runner.sync_all()
            yield runner
