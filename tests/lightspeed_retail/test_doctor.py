"""The command `lightspeed-retail doctor`, as a process against the sandbox and against hosts that misbehave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from lightspeed_retail.disks import passing_kind
from lightspeed_retail.resources.account import Account
from lightspeed_retail.token_endpoint import claims
from lightspeed_sandbox.config import Config
from lightspeed_sandbox.serve import Sandbox
from lightspeed_sandbox.store import Store
from tests.scripted import Answer, scripted

ACCOUNT = 4711
CHECKS = ["settings", "token store", "token", "account", "scopes", "bucket", "clock"]
# In a container the tests' own disk does not last either.
HEALTHY = dict.fromkeys(CHECKS, "ok") | {
    "token store": "warning" if passing_kind(Path(tempfile.gettempdir())) else "ok"
}
Settings = dict[str, str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    store = Store()
    store.put(Account, [{"accountID": ACCOUNT, "name": "Northwind Cycles"}])
    with Sandbox(Config(bucket_size=200, drip_rate=100), store=store) as running:
        yield running


def settings_of(sandbox: Sandbox, tmp_path: Path, scope: str = "employee:all") -> Settings:
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.issue_refresh_token(scope),
        "token_store": str(tmp_path / "store" / "tokens.json"),
        "api_url": sandbox.url,
        "auth_url": sandbox.url,
    }


class Report:
    """What the command said, as its user reads it."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        """Take the lines apart."""
        self.code = done.returncode
        self.output = done.stdout + done.stderr
        self.errors = done.stderr
        lines = [(line[:8].strip(), *line[8:].partition(": ")[::2]) for line in done.stdout.splitlines()]
        self.states = {check: state for state, check, _ in lines}
        self.texts = {check: text for _, check, text in lines}


def doctor(settings: Settings, *arguments: str, prefix: str = "TAP_LIGHTSPEED_RETAIL_") -> Report:
    variables = {prefix + name.upper(): value for name, value in settings.items()}
    command = [sys.executable, "-m", "lightspeed_retail.cli", "doctor", *arguments]
    environment = os.environ | variables
    return Report(subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment))


def test_a_healthy_connection_is_ok_throughout(sandbox: Sandbox, tmp_path: Path) -> None:
    report = doctor(settings_of(sandbox, tmp_path), "--streams", "sales,items")
    assert (report.code, report.errors) == (0, "")
    assert report.states == HEALTHY
    assert report.texts["account"] == f"{ACCOUNT} (Northwind Cycles)."
    assert "of 200 drips are used, 100 a second" in report.texts["bucket"]


def test_nothing_that_is_said_is_a_secret(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    report = doctor(settings)
    stored = json.loads(Path(settings["token_store"]).read_text(encoding="utf-8"))["connections"].values()
    secrets = [settings["refresh_token"], settings["client_secret"]]
    secrets += [entry[name] for entry in stored for name in ("access_token", "refresh_token")]
    assert len(secrets) == 4
    assert not [secret for secret in secrets if secret in report.output]


def test_a_store_in_a_database_is_checked_alike(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path) | {"token_store": f"sqlite:///{tmp_path}/tokens.sqlite"}
    reports = [doctor(settings), doctor(settings)]
    assert [report.states["token store"] for report in reports] == ["ok", "ok"]
    assert [("holds none" in report.texts["token store"], report.code) for report in reports] == [(True, 0), (False, 0)]


def test_settings_come_from_a_file_or_with_another_prefix(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings | {"start_date": "2026-01-01"}), encoding="utf-8")
    assert doctor({}, "--config", str(file)).code == 0
    target = "TARGET_LIGHTSPEED_RETAIL"
    assert doctor(settings, "--prefix", target, "--write", "customers", prefix=target + "_").code == 0


def test_a_file_that_is_no_object_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[sentinel", encoding="utf-8")
    report = doctor({}, "--config", str(tmp_path / "config.json"))
    assert report.code == 1
    assert report.errors.count("\n") == 1
    assert "sentinel" not in report.output


def test_scopes_that_lack_are_named_with_their_streams(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path, "employee:register_read")
    report = doctor(settings, "--streams", "sales,items,images", "--write", "customers")
    assert report.code == 1
    assert report.states == HEALTHY | {"scopes": "problem"}
    assert "employee:customers (for customers)" in report.texts["scopes"]
    assert "employee:inventory_read (for items, images): authorise again" in report.texts["scopes"]


def test_without_a_selection_a_missing_scope_is_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    report = doctor(settings_of(sandbox, tmp_path, "employee:register_read"))
    assert (report.code, report.states["scopes"]) == (0, "warning")


def test_settings_that_lack_or_are_misspelt_stop_the_rest() -> None:
    report = doctor({"client_idd": "sentinel"})
    assert report.code == 1
    assert report.states == {"settings": "problem", "rest": "warning"}
    assert "did you mean client_id?" in report.texts["settings"]
    assert "Set client_id and connect the account" in report.texts["settings"]
    assert "sentinel" not in report.output


def test_a_store_that_cannot_be_written_is_told_before_a_token_is_spent(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    report = doctor(settings | {"token_store": str(tmp_path / "file" / "tokens.json")})
    assert (report.code, report.states["token store"]) == (1, "problem")
    assert "token" not in report.states
    assert doctor(settings).code == 0


def test_a_refused_token_says_so_and_the_rest_is_left(sandbox: Sandbox, tmp_path: Path) -> None:
    report = doctor(settings_of(sandbox, tmp_path) | {"refresh_token": "sentinel-unknown"})
    assert (report.code, report.states["token"]) == (1, "problem")
    assert "connect the account again" in report.texts["token"]
    assert report.texts["rest"].startswith("not checked yet: account, scopes, bucket, clock")
    assert "sentinel" not in report.output


def test_another_account_than_the_tokens_is_a_problem(sandbox: Sandbox, tmp_path: Path) -> None:
    report = doctor(settings_of(sandbox, tmp_path) | {"account_id": "9"})
    assert (report.code, report.states["account"], report.states["scopes"]) == (1, "problem", "ok")


def test_a_full_bucket_a_wrong_clock_and_a_fixed_opaque_token_are_warnings() -> None:
    answer = Answer(
        body={"Account": {"accountID": "1"}},
        headers={
            "Date": format_datetime(datetime.now(UTC) + timedelta(hours=2)),
            "X-LS-API-Bucket-Level": "85.5/90",
            "X-LS-API-Drip-Rate": "1000",
        },
    )
    with scripted([answer]) as host:
        report = doctor({"access_token": "sentinel", "api_url": host.url})
    assert (report.code, report.errors) == (0, "")
    warned = [check for check, state in report.states.items() if state == "warning"]
    assert warned == ["token", "scopes", "bucket", "clock"]
    assert re.search(r"\+7[12]\d\d seconds", report.texts["clock"])
    assert "sentinel" not in report.output


def test_a_host_without_limits_is_a_warning() -> None:
    with scripted([Answer(body={"Account": {"accountID": "1"}})]) as host:
        report = doctor({"access_token": "t", "api_url": host.url})
    assert (report.code, report.states["bucket"]) == (0, "warning")


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!.c", "a.W10.c", "a.é.c"])
def test_what_is_no_jwt_claims_nothing(token: str) -> None:
    assert claims(token) == {}


def test_a_store_on_a_disk_that_does_not_last_is_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    if passing_kind(Path("/dev/shm")) is None:  # noqa: S108  a disk in memory, not a folder for files in passing
        pytest.skip("there is no disk in memory at /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        report = doctor(settings_of(sandbox, tmp_path) | {"token_store": f"{folder}/tokens.json"})
    assert (report.code, report.states["token store"]) == (0, "warning")
    assert "mount a volume there, or set token_store to the URL of a database" in report.texts["token store"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/app/x", "overlay"), ("/data/a b/x", None), ("/data/x", "tmpfs"), ("/", "overlay"), ("/database", "overlay")],
)
def test_the_innermost_mount_says_whether_a_disk_lasts(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    lines = ["overlay / overlay rw 0 0", "tmp /data tmpfs rw 0 0", "/dev/sda1 /data/a\\040b ext4 rw 0 0", ""]
    mounts.write_text("\n".join(lines), encoding="utf-8")
    assert passing_kind(Path(path), mounts) == kind
    assert passing_kind(Path(path), tmp_path / "none") is None


def test_tokens_near_their_idle_end_are_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path)
    assert doctor(settings).code == 0
    path = Path(settings["token_store"])
    document = json.loads(path.read_text(encoding="utf-8"))
    for entry in document["connections"].values():
        entry["renewed_at"] -= 25 * 86_400
    path.write_text(json.dumps(document), encoding="utf-8")
    report = doctor(settings)
    assert (report.code, report.states["token store"]) == (0, "warning")
    assert "last renewed 25 days ago, and unused they end after 30" in report.texts["token store"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_token", "lsxs_pt_sentinel"),
        ("api_url", "https://northwind.retail.lightspeed.app"),
        ("api_url", "https://northwind.vendhq.com"),
    ],
)
def test_another_product_is_a_warning(name: str, value: str) -> None:
    with scripted([Answer(401)]) as host:
        report = doctor({"access_token": "t", "api_url": host.url, "auth_url": host.url} | {name: value})
    assert report.states["settings"] == "warning"
    assert "X-Series" in report.texts["settings"]
    assert "sentinel" not in report.output


def test_meltanos_selection_says_what_scopes_are_needed(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_of(sandbox, tmp_path, "employee:register_read") | {"_select": '["sales.*", "!items.*"]'}
    assert doctor(settings).states["scopes"] == "ok"
    settings |= {"_select": '["*.*", "!work*.*"]'}
    report = doctor(settings)
    assert report.states["scopes"] == "warning"
    assert "employee:inventory_read" in report.texts["scopes"]
    assert "workbench" not in report.texts["scopes"]
