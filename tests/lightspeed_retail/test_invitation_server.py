"""Invitations over HTTP: from the link to the thank-you, and everybody who should not get there."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lightspeed_retail import reception, web
from lightspeed_retail.errors import LightspeedError, SettingsError
from lightspeed_retail.invitation_server import InvitationServer, serve
from lightspeed_retail.invitations import InvitationBook, InvitationError, link
from lightspeed_retail.reception import Reception
from tests.inviting import CODE, REDIRECT, SCOPES, Owner, Place, Stand


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path).running() as running:
        yield running


@pytest.fixture
def owner(place: Place) -> Owner:
    return Owner(place, place.book.add("Bike <Shop>"))


def spent(place: Place) -> list[int | None]:
    return [each.account_id for each in place.book.listed() if each.used_at]


def test_the_invitation_says_who_asks_whom_for_what(owner: Owner) -> None:
    answer = owner.place.get(owner.link)
    assert answer.status_code == 200
    for text in ("Bike &lt;Shop&gt;", "agency.example", "See sales", "See and change customers", 'method="post"'):
        assert text in answer.text
    assert answer.text.count("<button") == 1
    assert "Continue to Lightspeed" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_the_button_leads_to_lightspeed_with_a_cookie_for_the_way_back(owner: Owner) -> None:
    answer = owner.goes_on()
    assert answer.status_code == 303
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["scope"] == [" ".join(SCOPES)]
    assert asked["code_challenge_method"] == ["S256"]
    attributes = answer.headers["Set-Cookie"].split("; ")[1:]
    assert attributes == ["Path=/lightspeed/callback", "Max-Age=900", "HttpOnly", "SameSite=Lax", "Secure"]
    assert owner.state not in answer.headers["Set-Cookie"]
    assert spent(owner.place) == []


def test_who_comes_back_is_connected_and_thanked(owner: Owner) -> None:
    answer = owner.returns()
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    assert "Bike &amp; &lt;Ski&gt; Shop (account number 100000)" in answer.text
    assert CODE not in answer.text
    assert (owner.place.stand.codes, spent(owner.place)) == ([CODE], [100000])


def test_the_last_page_can_be_loaded_again(owner: Owner) -> None:
    first = owner.returns()
    assert owner.comes_back().text == first.text
    assert owner.place.stand.codes == [CODE]


def test_a_spent_link_leads_nowhere(owner: Owner) -> None:
    owner.returns()
    for answer in (owner.place.get(owner.link), owner.goes_on()):
        assert answer.status_code == 404
        assert "has been used" in answer.text
        assert "<form" not in answer.text
        assert "Set-Cookie" not in answer.headers


def head(owner: Owner) -> bytes:
    """What comes when only the head is asked for."""
    host, port = owner.place.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(f"HEAD {urlsplit(owner.link).path} HTTP/1.0\r\n\r\n".encode())
        return b"".join(iter(lambda: raw.recv(65_536), b""))


def test_scanners_of_mail_spend_nothing(owner: Owner) -> None:
    for _ in range(3):
        owner.place.get(owner.link)
        assert head(owner).startswith(b"HTTP/1.0 200 ")
        assert head(owner).endswith(b"\r\n\r\n")
        owner.goes_on()
    assert owner.returns().status_code == 200


def test_a_link_that_is_incomplete_leads_nowhere(owner: Owner) -> None:
    for address in (owner.link[:-1], owner.link + "x", owner.link + "/", owner.link.rpartition("/")[0] + "/"):
        assert owner.place.get(address).status_code == 404
        assert requests.post(owner.place.here(address), timeout=10).status_code == 404


def test_a_link_ends_but_who_went_on_in_time_may_finish(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.goes_on()

    def over(*_: object) -> None:
        raise InvitationError("It could be used until yesterday.")

    monkeypatch.setattr(owner.place.book, "open", over)
    assert "until yesterday" in owner.place.get(owner.link).text
    assert requests.post(owner.place.here(owner.link), timeout=10).status_code == 404
    assert owner.comes_back().status_code == 200


def test_denial_is_told_and_leaves_the_invitation_good(owner: Owner) -> None:
    owner.goes_on()
    answer = owner.comes_back("error=access_denied")
    assert "No access was given" in answer.text
    assert "it still works" in answer.text
    assert spent(owner.place) == []
    assert owner.returns().status_code == 200


@pytest.mark.parametrize(
    "error", [SettingsError("The token store /srv/secret is read-only."), LightspeedError("No news of shop 7.")]
)
def test_trouble_of_the_server_is_in_its_log_and_not_on_the_page(
    owner: Owner, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    owner.place.stand.error = error
    answer = owner.returns()
    assert answer.status_code == 400
    assert "could not be connected" in answer.text
    assert str(error) not in answer.text
    assert f"Invitation for Bike <Shop>: not connected: {error}" in caplog.text
    assert spent(owner.place) == []
    owner.place.stand.error = None
    assert owner.returns().status_code == 200


@pytest.mark.parametrize("cookie", ["", "lightspeed-0=x", "{name}=", "{name}=wrong", "{name}={value}x", "{name}=ü"])
def test_another_browser_cannot_come_back_instead(owner: Owner, cookie: str) -> None:
    """Whoever tricks somebody into ending a request that another began would read the wrong account."""
    owner.goes_on()
    name, _, value = owner.cookie.partition("=")
    forged = cookie.format(name=name, value=value).encode("latin-1").decode("latin-1")
    answer = owner.comes_back(Cookie=forged)
    assert answer.status_code == 400
    assert "in one browser" in answer.text
    assert owner.place.stand.codes == []
    assert owner.comes_back().status_code == 200, "the right one is not kept out by that"


def test_an_unknown_state_is_nobodys(owner: Owner) -> None:
    owner.goes_on()
    for query in (f"code={CODE}&state=x", f"code={CODE}", "", "state="):
        assert owner.place.get(f"{REDIRECT}?{query}", Cookie=owner.cookie).status_code == 400
    assert owner.place.get(f"{REDIRECT}?{'a=1&' * 30}").status_code == 400
    assert owner.place.stand.codes == []


def test_a_request_is_good_for_fifteen_minutes(owner: Owner) -> None:
    for seconds, status in ((899, 200), (900, 400)):
        other = Owner(owner.place, owner.place.book.add("Ski Shop"))
        other.goes_on()
        owner.place.clock.now += seconds
        assert other.comes_back().status_code == status


def test_an_owner_of_two_accounts_can_connect_both_at_once(owner: Owner) -> None:
    other = Owner(owner.place, owner.place.book.add("Ski Shop"))
    owner.goes_on()
    other.goes_on()
    both = f"{owner.cookie}; {other.cookie}"
    assert other.comes_back(Cookie=both).status_code == 200
    assert owner.comes_back(Cookie=both).status_code == 200


def test_of_two_browsers_with_one_link_one_is_connected(owner: Owner) -> None:
    """Even if both come back from Lightspeed at the same moment, for two accounts."""
    owner.place.stand.pause = 0.3
    pair = [owner, Owner(owner.place, owner.link.rpartition("/")[2])]
    for each in pair:
        each.goes_on()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(Owner.comes_back, pair))
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    assert owner.place.stand.codes == [CODE]
    assert spent(owner.place) == [100000]
    late = pair[[answer.status_code for answer in answers].index(404)]
    assert "has been used" in late.comes_back().text


def test_one_browser_that_comes_back_twice_at_once_is_connected_once(owner: Owner) -> None:
    owner.place.stand.pause = 0.2
    owner.goes_on()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(Owner.comes_back, [owner] * 4))
    assert {answer.status_code for answer in answers} == {200}
    assert owner.place.stand.codes == [CODE]


def test_requests_that_nobody_ends_take_little_memory(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "_MOST", 30)
    desk = Reception(owner.place.book, owner.place.stand, REDIRECT, SCOPES, owner.place.clock)
    secret = owner.link.rpartition("/")[2]
    others = [owner.place.book.add(f"Shop {number}") for number in range(40)]
    early, _ = desk.send(others[0])
    for _ in range(50):
        desk.send(secret)
    assert len(desk._visits) == 11
    assert parse_qs(urlsplit(early).query)["state"][0] in desk._visits, "one invitation cannot push out the others"
    for other in others:
        desk.send(other)
    assert len(desk._visits) == 30
    owner.place.clock.now += 900
    desk.send(secret)
    assert len(desk._visits) == 1


def test_the_log_tells_who_was_connected_and_nothing_else(
    owner: Owner, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, "lightspeed_retail"):
        owner.place.get(owner.link)
        owner.returns()
        owner.goes_on()
        owner.place.get("/nothing?code=x")
    own = [record.getMessage() for record in caplog.records if record.name.startswith("lightspeed")]
    assert own == ["Invitation for Bike <Shop>: connected to account 100000."]
    assert capfd.readouterr() == ("", "")


def test_the_command_logs_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("lightspeed_retail")
    assert not log.handlers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "hasHandlers", lambda _: False)
        patch.setattr(InvitationServer, "serve_forever", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        serve(InvitationBook(tmp_path / "book.json"), Stand(), REDIRECT, SCOPES, port=0)
    log.removeHandler(log.handlers[0])
    log.setLevel(logging.NOTSET)
    (line,) = capsys.readouterr().err.splitlines()
    assert "Invitations to agency.example are served on port" in line


def test_small_things_are_answered(place: Place) -> None:
    for path, status in (("/healthz", 200), ("/favicon.ico", 204), ("/", 404), ("/lightspeed/", 404)):
        assert place.get(path).status_code == status
    assert requests.post(f"{place.address}/healthz", timeout=10).status_code == 404
    assert requests.delete(place.address, timeout=10).status_code == 501


def test_a_form_with_content_is_taken_too(owner: Owner) -> None:
    answer = requests.post(owner.place.here(owner.link), data={"a": "b" * 3000}, timeout=10, allow_redirects=False)
    assert answer.status_code == 303


def test_a_damaged_book_is_an_error_without_details(owner: Owner, caplog: pytest.LogCaptureFixture) -> None:
    owner.place.book.path.write_text("{", encoding="utf-8")
    answer = owner.place.get(owner.link)
    assert answer.status_code == 500
    assert str(owner.place.book.path) not in answer.text
    # It is logged when the answer is on its way.
    end = time.monotonic() + 10
    while "are damaged" not in caplog.text and time.monotonic() < end:
        time.sleep(0.01)
    assert "are damaged" in caplog.text


def test_slow_clients_block_nobody_and_are_turned_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_PATIENCE", 0.3)
    host, port = place.address.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(10)]
    for each in slow:
        each.sendall(b"GET /healthz HTTP/1.0\r\nX-Slow: ")
    assert place.get("/healthz").status_code == 200
    for each in slow:
        assert each.recv(1000) == b""
        each.close()


def test_too_many_at_once_wait_outside(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_MOST", 3)
    host, port = place.address.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port)), timeout=10) for _ in range(3)]
    with pytest.raises(requests.ConnectionError):
        place.get("/healthz")
    for each in idle:
        each.close()
    time.sleep(0.3)
    assert place.get("/healthz").status_code == 200


def test_without_https_the_cookie_is_not_secure(tmp_path: Path) -> None:
    """For trying out on one machine."""
    with Place(tmp_path).running("http://127.0.0.1:8080/callback") as place:
        address = link("http://127.0.0.1:8080/callback", place.book.add("Bike Shop"))
        answer = requests.post(place.here(address), timeout=10, allow_redirects=False)
    assert "Secure" not in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("redirect", ["", "callback", "ftp://agency.example/", "https://"])
def test_a_redirect_is_an_address(tmp_path: Path, redirect: str) -> None:
    with pytest.raises(SettingsError, match="registered"):
        serve(InvitationBook(tmp_path / "book.json"), Stand(), redirect, SCOPES, port=0)


def test_a_port_that_is_taken_is_told(tmp_path: Path, place: Place) -> None:
    port = int(place.address.rpartition(":")[2])
    with pytest.raises(SettingsError, match=rf"Port {port} .* in use.*choose another"):
        serve(InvitationBook(tmp_path / "book.json"), Stand(), REDIRECT, SCOPES, port=port)
