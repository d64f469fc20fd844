"""Certificates: verified always, against the authorities of `ca_bundle` where it is set; never a way around it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail import connection
from lightspeed_retail.errors import LightspeedError, SettingsError, UnreachableError
from lightspeed_retail.settings import CONNECTION
from lightspeed_sandbox.serve import Sandbox
from tests import targeting
from tests.authority import Authority, Front, in_front_of
from tests.retailer import small_sandbox, small_store
from tests.scripted import Answer, Host, scripted
from tests.tapping import Tap, is_refused_in_a_line, selecting
from tests.targeting import messages

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
ANSWERS = [Answer(body={"Account": {"accountID": "7"}, "access_token": "a", "refresh_token": "r"})]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def no_bundle_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*BUNDLES, "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def plain() -> Iterator[Host]:
    with scripted(ANSWERS) as host:
        yield host


@pytest.fixture
def front(plain: Host, authority: Authority) -> Iterator[Front]:
    with in_front_of(plain.url, authority.server()) as running:
        yield running


def reach_api(front: Front, folder: Path, **settings: Any) -> None:
    """Ask the API for its accounts."""
    assert connection.client({"access_token": "x", "api_url": front.url, **settings}).accounts()


def reach_tokens(front: Front, folder: Path, **settings: Any) -> None:
    """Ask the authorisation server for tokens."""
    store = {"token_store": str(folder / f"tokens-{secrets.token_hex()}.json"), "refresh_token": "first"}
    given = {"client_id": "c", "client_secret": "s", "auth_url": front.url, **store, **settings}
    assert connection.authorisation(given).bearer() == "a"


Reach = Callable[..., None]
both = pytest.mark.parametrize("reach", [reach_api, reach_tokens])


@both
def test_an_unknown_authority_is_one_clear_error_and_nothing_is_sent(
    front: Front, tmp_path: Path, reach: Reach
) -> None:
    with pytest.raises(UnreachableError, match=r"certificate of https://127.* is not trusted \(.+\): .* in ca_bundle"):
        reach(front, tmp_path)
    assert front.taken == 0


@both
def test_with_the_authority_in_the_bundle_it_works(
    front: Front, authority: Authority, tmp_path: Path, reach: Reach
) -> None:
    reach(front, tmp_path, ca_bundle=str(authority.bundle))
    assert front.taken > 0


@both
@pytest.mark.parametrize(
    ("flaw", "reason"),
    [({"host": "127.0.0.2"}, "IP address mismatch"), ({"lasts": timedelta(days=-1)}, "expired")],
    ids=["another host", "expired"],
)
def test_a_certificate_of_the_authority_must_be_good(
    plain: Host, authority: Authority, tmp_path: Path, reach: Reach, flaw: dict[str, Any], reason: str
) -> None:
    with in_front_of(plain.url, authority.server(**flaw)) as front, pytest.raises(UnreachableError, match=reason):
        reach(front, tmp_path, ca_bundle=str(authority.bundle))
    assert (front.taken, plain.asked) == (0, [])


def test_another_authority_is_not_enough(front: Front, tmp_path: Path) -> None:
    other = Authority(tmp_path, "Other")
    with pytest.raises(UnreachableError, match="not trusted"):
        reach_api(front, tmp_path, ca_bundle=str(other.bundle))
    assert front.taken == 0


# Variables


@both
@pytest.mark.parametrize("name", BUNDLES)
def test_a_variable_names_the_bundle_where_no_setting_does(
    front: Front, authority: Authority, tmp_path: Path, reach: Reach, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(authority.bundle))
    reach(front, tmp_path)
    assert front.taken > 0


@both
@pytest.mark.parametrize("name", BUNDLES)
def test_the_setting_wins_over_a_variable(
    front: Front, authority: Authority, tmp_path: Path, reach: Reach, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority(tmp_path, "Other")
    monkeypatch.setenv(name, str(other.bundle))
    reach(front, tmp_path, ca_bundle=str(authority.bundle))
    monkeypatch.setenv(name, str(authority.bundle))
    with pytest.raises(UnreachableError, match="not trusted"):
        reach(front, tmp_path, ca_bundle=str(other.bundle))


@both
@pytest.mark.parametrize("name", BUNDLES)
def test_a_variable_that_names_no_file_is_one_clear_error(
    front: Front, tmp_path: Path, reach: Reach, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/nowhere/bundle.pem")
    with pytest.raises(SettingsError, match=f"^{name}: there is no file /nowhere/bundle.pem.$"):
        reach(front, tmp_path)


def test_a_variable_that_names_no_file_does_not_matter_without_tls(
    plain: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUNDLES[0], "/nowhere/bundle.pem")
    reach_api(Front(plain.url), tmp_path)


# Bundles that are none


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no certificate"),
        (b"no certificate", "holds no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate"),
        (bytes(range(256)), "holds no certificate"),
        (None, "there is no file"),
    ],
)
def test_a_bundle_that_is_none_is_one_clear_error_before_anything_is_asked(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    place = tmp_path / "bundle.pem"
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    with pytest.raises(SettingsError, match=f"ca_bundle: .*{words}"):
        connection.client({"access_token": "x", "ca_bundle": str(place)})


def test_a_bundle_that_goes_away_is_one_clear_error(front: Front, authority: Authority, tmp_path: Path) -> None:
    client = connection.client({"access_token": "x", "api_url": front.url, "ca_bundle": str(authority.bundle)})
    authority.bundle.unlink()
    with pytest.raises(LightspeedError, match="ca_bundle: there is no file"):
        client.accounts()


@pytest.mark.parametrize("place", ["a\0b", "\n", "~/nothing", "http://a/b.pem"])
def test_a_name_that_no_file_can_have_is_one_clear_error(place: str) -> None:
    with pytest.raises(SettingsError, match="ca_bundle"):
        connection.client({"access_token": "x", "ca_bundle": place})


# What is sent along


@both
@pytest.mark.parametrize("entry", ["machine 127.0.0.1", "default"])
def test_nothing_that_netrc_holds_is_sent(
    plain: Host, tmp_path: Path, reach: Reach, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"{entry} login somebody password sentinel\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    reach(Front(plain.url), tmp_path)
    given = [asked.headers.get("Authorization") for asked in plain.asked]
    assert given == ["Bearer x" if reach is reach_api else None]


# The commands


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox(small_store(days=2, sales_per_day=3)) as running:
        yield running


def test_the_tap_reads_over_tls_and_only_with_the_bundle(
    sandbox: Sandbox, authority: Authority, tmp_path: Path
) -> None:
    with in_front_of(sandbox.url, authority.server()) as front:
        tap = Tap.over(sandbox, tmp_path, api_url=front.url, auth_url=front.url)
        is_refused_in_a_line(tap.run(catalog=selecting("shops")), "auth_url", "ca_bundle", "not trusted")
        tap.settings["ca_bundle"] = str(authority.bundle)
        spoken = tap.run_well(catalog=selecting("shops"))
    assert spoken.records("shops")


def test_the_target_writes_over_tls_and_only_with_the_bundle(
    sandbox: Sandbox, authority: Authority, tmp_path: Path
) -> None:
    said = messages("manufacturers", [{"ref": "1", "name": "Over TLS"}], "ref")
    with in_front_of(sandbox.url, authority.server()) as front:
        address = {"api_url": front.url, "auth_url": front.url}
        done = targeting.run(sandbox, said, tmp_path, **address)
        assert done.code == 1
        assert "not trusted" in done.errors
        assert "Over TLS" not in names_in(sandbox)
        done = targeting.run(sandbox, said, tmp_path, **address, ca_bundle=str(authority.bundle))
        assert done.code == 0, done.errors
    assert names_in(sandbox).count("Over TLS") == 1


def names_in(sandbox: Sandbox) -> list[str]:
    return [row["name"] for row in targeting.rows(sandbox, "Manufacturer")]


def test_nothing_that_is_shipped_can_turn_verification_off() -> None:
    """Neither code nor a setting does."""
    forbidden = re.compile(
        r"verify\s*=\s*(False|0|None)|CERT_NONE|unverified_context|check_hostname\s*=|disable_warnings"
    )
    packages = [folder for folder in ROOT.iterdir() if (folder / "pyproject.toml").is_file()]
    sources = [file for folder in packages for file in folder.rglob("*.py")]
    assert len(sources) > 100
    found = [f"{file.relative_to(ROOT)}: {line}" for file in sources for line in _lines(file) if forbidden.search(line)]
    assert [line for line in found if "proxies={}" not in line] == []
    assert [name for name in CONNECTION if re.search("verify|insecure|ssl|tls", name)] == []


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]


def test_no_variable_of_the_environment_turns_it_off(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHTTPSVERIFY", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_TLS_REJECT_UNAUTHORIZED"):
        monkeypatch.setenv(name, "0" if "VERIFY" in name or "NODE" in name else "")
    assert os.environ["PYTHONHTTPSVERIFY"] == "0"
    with pytest.raises(UnreachableError, match="not trusted"):
        reach_api(front, tmp_path)
    assert front.taken == 0
