"""The end of a redirect to this machine: what it takes, what it shows, and what it tells nobody."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Browser, ViewportSize

from lightspeed_retail import pages
from lightspeed_retail.callback import is_local, listening
from lightspeed_retail.connecting import Connection
from lightspeed_retail.consent import DeniedError
from lightspeed_retail.errors import CredentialsError, SettingsError
from tests.browser import DESK, PHONE, fits, hard_to_read, is_well_made, window

CODE = "code=the-secret-code&state=the-secret-state"
CONNECTED = Connection(100000, "Bike & <Ski> Shop", "client", ("employee:register_read",), 1.0, 1.0, "name")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


def redirect(host: str = "127.0.0.1") -> str:
    return f"http://{host}:{free_port()}/callback"


class Finish:
    """Somebody who connects accounts, and notes the answers."""

    def __init__(self, *results: Connection | Exception) -> None:
        """Give these results, the last one for ever."""
        self._results = list(results) or [CONNECTED]
        self.answers: list[Mapping[str, str]] = []

    def __call__(self, answer: Mapping[str, str]) -> Connection:
        """Take an answer."""
        self.answers.append(answer)
        result = self._results.pop(0) if len(self._results) > 1 else self._results[0]
        if isinstance(result, Exception):
            raise result
        return result


@contextmanager
def waiting(finish: Callable[[Mapping[str, str]], Connection], host: str = "127.0.0.1") -> Iterator[str]:
    address = redirect(host)
    with listening(address, finish):
        yield address


def get(address: str, **headers: str) -> requests.Response:
    return requests.get(address, headers=headers, timeout=10)


def test_an_answer_is_handed_over_and_the_page_says_what_is_connected() -> None:
    finish = Finish()
    with waiting(finish) as address:
        answer = get(f"{address}?{CODE}")
    assert finish.answers == [{"code": "the-secret-code", "state": "the-secret-state"}]
    assert answer.status_code == 200
    assert 'role="status"' in answer.text
    assert "Bike &amp; &lt;Ski&gt; Shop (account number 100000)" in answer.text
    assert "close this window and go back to the terminal" in answer.text
    assert "secret" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("error", "status", "texts"),
    [
        (DeniedError("denied"), 200, ["No access was given", "back to the terminal"]),
        (CredentialsError("The <code> is over."), 400, ["The &lt;code&gt; is over.", 'role="alert"', "terminal"]),
    ],
)
def test_what_went_wrong_is_shown(error: Exception, status: int, texts: list[str]) -> None:
    with waiting(Finish(error)) as address:
        answer = get(f"{address}?error=access_denied&state=s")
    assert answer.status_code == status
    for text in texts:
        assert text in answer.text


def test_every_page_forbids_scripts_stores_and_frames() -> None:
    with waiting(Finish()) as address:
        for answer in (get(f"{address}?{CODE}"), get(f"{address}/other"), get(address, Host="evil.example")):
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; style-src 'sha256-")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Server"] == "lightspeed-retail"
            assert not any(text in answer.text for text in ("<script", "http:", "https:", "url("))


def test_a_second_call_shows_the_same_and_connects_nothing() -> None:
    finish = Finish()
    with waiting(finish) as address:
        first, second, third = (get(f"{address}?{CODE}").text, get(f"{address}?code=b&state=c").text, get(address).text)
    assert first == second == third
    assert len(finish.answers) == 1


def test_two_calls_at_once_connect_once() -> None:
    finish = Finish()

    def slow(answer: Mapping[str, str]) -> Connection:
        time.sleep(0.2)
        return finish(answer)

    with waiting(slow) as address, ThreadPoolExecutor() as pool:
        texts = [each.text for each in pool.map(get, [f"{address}?{CODE}"] * 5)]
    assert len(finish.answers) == 1
    assert len(set(texts)) == 1


def test_a_wrong_answer_leaves_room_for_the_right_one() -> None:
    finish = Finish(CredentialsError("It belongs to an earlier request."), CONNECTED)
    with waiting(finish) as address:
        assert "not connected" in get(f"{address}?{CODE}").text
        assert "is connected" in get(f"{address}?{CODE}").text
    assert len(finish.answers) == 2


@pytest.mark.parametrize("query", ["", "?", "?code=of-somebody-else", "?state=s", "?unrelated=1", "?code=&state="])
def test_without_code_and_state_there_is_nothing_to_take(query: str) -> None:
    finish = Finish()
    with waiting(finish) as address:
        assert "Waiting for Lightspeed" in get(address + query).text
    assert finish.answers == []


@pytest.mark.parametrize(
    ("path", "status"), [("/", 404), ("/callback/", 404), ("/../callback", 404), ("/favicon.ico", 204)]
)
def test_other_paths_are_none_of_its_business(path: str, status: int) -> None:
    finish = Finish()
    with waiting(finish) as address:
        connection = http.client.HTTPConnection(address.split("/")[2], timeout=10)
        connection.request("GET", f"{path}?{CODE}")
        answer = connection.getresponse()
        assert (answer.status, b"secret" in answer.read()) == (status, False)
        connection.close()
    assert finish.answers == []


def test_other_methods_and_nonsense_are_refused_without_an_echo() -> None:
    finish = Finish()
    with waiting(finish) as address:
        host, port = address.split("/")[2].split(":")
        for method, status in (("POST", 405), ("PUT", 501)):
            answer = requests.request(method, f"{address}?{CODE}", timeout=10)
            assert (answer.status_code, "Content-Security-Policy" in answer.headers) == (status, True)
        assert get(f"{address}?{'a=1&' * 30}").status_code == 400
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(b"GET <script>alert(1)</script> nonsense HTTP/1.0 more\r\n\r\n")
            answered = b"".join(iter(lambda: raw.recv(65_536), b""))
        assert b"<main>" in answered
        assert b"alert(1)" not in answered
    assert finish.answers == []


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("127.0.0.1", True),
        ("LOCALHOST", True),
        ("[::1]", True),
        ("evil.example", False),
        ("127.0.0.1.evil.test", False),
    ],
)
def test_only_names_of_this_machine_are_answered(*, name: str, accepted: bool) -> None:
    finish = Finish()
    with waiting(finish) as address:
        port = address.split(":")[2].split("/")[0]
        assert (get(f"{address}?{CODE}", Host=f"{name}:{port}").status_code == 200) is accepted
        assert get(f"{address}?{CODE}", Host=f"{name}:1").status_code == 421
    assert len(finish.answers) == accepted


def test_localhost_is_answered_on_both_of_its_addresses() -> None:
    finish = Finish()
    with waiting(finish, "localhost") as address:
        port = int(address.split(":")[2].split("/")[0])
        for place in ("127.0.0.1", "::1"):
            connection = http.client.HTTPConnection(place, port, timeout=10)
            connection.request("GET", f"/callback?{CODE}")
            assert connection.getresponse().status == 200
            connection.close()
    assert len(finish.answers) == 1


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    address = redirect()
    port = int(address.split(":")[2].split("/")[0])
    with (
        closing(socket.create_server(("127.0.0.1", port))),
        pytest.raises(SettingsError, match=rf"Port {port} .* taken .*end that one, or paste") as caught,
        listening(address, Finish()),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_half_of_localhost_is_not_enough() -> None:
    """The browser might ask the other half, where somebody else listens."""
    address = redirect("localhost")
    port = int(address.split(":")[2].split("/")[0])
    with (
        closing(socket.create_server(("::1", port), family=socket.AF_INET6)),
        pytest.raises(SettingsError, match="is taken"),
        listening(address, Finish()),
    ):
        pass
    with closing(socket.create_server(("127.0.0.1", port))):
        pass


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://127.0.0.1:8766/callback", True),
        ("http://[::1]:8766", True),
        ("http://localhost", True),
        ("https://127.0.0.1:8766/callback", False),
        ("https://agency.example/callback", False),
        ("http://agency.example/callback", False),
        ("http://127.0.0.1:0/", False),
        ("http://127.0.0.1:99999/", False),
        ("callback", False),
    ],
)
def test_only_plain_http_to_this_machine_can_be_caught(*, address: str, local: bool) -> None:
    assert is_local(address) is local
    if not local:
        with pytest.raises(SettingsError, match="paste the address"), listening(address, Finish()):
            pass


def test_nothing_of_an_answer_is_written_anywhere(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), waiting(Finish(RuntimeError("the-secret-code"), CONNECTED)) as address:
        for path in (address, f"{address}x", address.replace("callback", "favicon.ico")):
            get(f"{path}?{CODE}")
        get(f"{address}?{CODE}", Host="evil.example")
    own = "".join(record.getMessage() for record in caplog.records if record.name.startswith("lightspeed"))
    assert own == "A request could not be answered: RuntimeError."
    assert "secret" not in "".join(capfd.readouterr())


def test_something_unexpected_is_shown_without_its_text() -> None:
    with waiting(Finish(RuntimeError("the-secret-code"), CONNECTED)) as address:
        answer = get(f"{address}?{CODE}")
        assert "something unexpected" in answer.text
        assert "secret" not in answer.text
        assert "is connected" in get(f"{address}?{CODE}").text


def test_whoever_says_nothing_keeps_nobody_waiting() -> None:
    """A browser opens connections in advance, and uses them or not."""
    finish = Finish()
    with waiting(finish) as address:
        host, port = address.split("/")[2].split(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(3)]
        assert get(f"{address}?{CODE}").status_code == 200
        before = time.monotonic()
    assert time.monotonic() - before < 3
    for each in silent:
        each.close()


def test_the_page_is_sent_even_if_the_program_ends_at_once() -> None:
    begun, done = threading.Event(), threading.Event()
    texts: list[str] = []

    def finish(answer: Mapping[str, str]) -> Connection:
        begun.set()
        time.sleep(0.3)
        done.set()
        return CONNECTED

    with waiting(finish) as address:
        browser = threading.Thread(target=lambda: texts.append(get(f"{address}?{CODE}").text))
        browser.start()
        assert begun.wait(10)
    assert done.is_set()
    browser.join()
    assert "is connected" in texts[0]
    with pytest.raises(requests.ConnectionError):
        get(address)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("result", [CONNECTED, DeniedError("no"), None], ids=["connected", "denied", "waiting"])
def test_people_can_read_it_everywhere(
    chromium: Browser, size: ViewportSize, *, dark: bool, result: Connection | Exception | None
) -> None:
    long = replace(CONNECTED, account_name="Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen " * 3)
    finish = Finish(long if result is CONNECTED else result or CONNECTED)
    with waiting(finish) as address, window(chromium, size, dark=dark) as page:
        page.goto(f"{address}?{CODE}" if result else address)
        assert page.get_by_role("heading", level=1).count() == 1
        assert page.get_by_role("status").count() == 1
        assert is_well_made(page)
        assert fits(page)
        assert hard_to_read(page) == []


def test_what_goes_wrong_can_be_read_too(chromium: Browser) -> None:
    """The browser itself complains of a page with status 400, so this one is not fetched."""
    for dark in (False, True):
        with window(chromium, PHONE, dark=dark) as page:
            text = "The token store /" + "very-long-name/" * 20 + "tokens.json cannot be written."
            page.goto("data:text/html;charset=utf-8," + quote(pages.failed(text, "Do <this>.").html()))
            assert page.get_by_role("alert").text_content() == text
            assert "Do <this>." in page.content().replace("&lt;", "<").replace("&gt;", ">")
            assert is_well_made(page)
            assert fits(page)
            assert hard_to_read(page) == []
