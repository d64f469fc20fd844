"""Connecting an account as a person sees it: a real browser, from the sandbox's consent page to stored tokens."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from lightspeed_retail.connecting import Connector, connections
from lightspeed_retail.connection import connect, token_store
from lightspeed_retail.invitation_server import InvitationServer
from lightspeed_retail.invitations import InvitationBook, link
from lightspeed_retail.reception import Reception
from lightspeed_sandbox.serve import Sandbox
from tests.browser import DESK, PHONE, fits, hard_to_read, is_well_made, window
from tests.conftest import ROOT
from tests.lightspeed_retail.test_connect import ACCOUNT, Talk, free_port, running, settings_of

EVERYWHERE = pytest.mark.parametrize(
    ("size", "dark"), [(DESK, False), (PHONE, True)], ids=["light on a desk", "dark on a phone"]
)


@contextmanager
def registered(redirect: str = "", **options: Any) -> Iterator[tuple[Sandbox, str]]:
    """A sandbox, and the address that is registered there: one on this machine."""
    redirect = redirect or f"http://127.0.0.1:{free_port()}/lightspeed/callback"
    with running(redirect_uri=redirect, **options) as sandbox:
        yield sandbox, redirect


def check(page: Page) -> None:
    """See that a page is for people."""
    assert is_well_made(page)
    assert fits(page)
    assert hard_to_read(page) == []


@contextmanager
def talking(settings: Mapping[str, str], *arguments: str) -> Iterator[Talk]:
    """A `connect` that waits for consent, and no longer than the test."""
    talk = Talk.begun(settings, *arguments)
    with talk.process:
        try:
            yield talk
        finally:
            talk.process.kill()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@EVERYWHERE
def test_consent_ends_in_stored_tokens(chromium: Browser, tmp_path: Path, size: ViewportSize, *, dark: bool) -> None:
    with registered() as (sandbox, redirect), window(chromium, size, dark=dark) as page:
        settings = settings_of(sandbox, tmp_path)
        with talking(settings, "--redirect-uri", redirect, "--streams", "sales") as talk:
            page.goto(talk.address)
            check(page)
            assert "See sales" in page.get_by_role("list").inner_text()
            page.get_by_role("button", name="Authorise").click()
            page.wait_for_url(f"{redirect}?**")
            assert heading(page) == "The account is connected"
            assert f"Northwind Cycles (account number {ACCOUNT})" in page.get_by_role("status").inner_text()
            check(page)
            code, said, errors = talk.end()
            assert (code, errors) == (0, "")
            assert f"Connected: Northwind Cycles (account {ACCOUNT})." in said
            assert connect(settings).account_id == ACCOUNT


@EVERYWHERE
def test_denial_is_told_in_the_browser_and_in_the_terminal(
    chromium: Browser, tmp_path: Path, size: ViewportSize, *, dark: bool
) -> None:
    with registered() as (sandbox, redirect), window(chromium, size, dark=dark) as page:
        settings = settings_of(sandbox, tmp_path)
        with talking(settings, "--redirect-uri", redirect) as talk:
            page.goto(talk.address)
            page.get_by_role("button", name="Deny").click()
            page.wait_for_url(f"{redirect}?**")
            assert heading(page) == "No access was given"
            check(page)
            code, _, errors = talk.end()
            assert (code, errors.count("\n")) == (1, 1)
            assert "chose to deny" in errors
            assert token_store(settings).listed() == {}


def test_a_refused_secret_is_told_in_both_places(chromium: Browser, tmp_path: Path) -> None:
    with registered() as (sandbox, redirect):
        settings = settings_of(sandbox, tmp_path) | {"client_secret": "sentinel"}
        with talking(settings, "--redirect-uri", redirect) as talk:
            complaint = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
            with window(chromium, expected=[complaint]) as page:
                page.goto(talk.address)
                page.get_by_role("button", name="Authorise").click()
                page.wait_for_url(f"{redirect}?**")
                told = page.get_by_role("alert").inner_text()
                check(page)
            code, _, errors = talk.end()
            assert (code, errors) == (1, told + "\n")
            assert "check client_id and client_secret" in told


def test_somebody_elses_page_cannot_end_the_request(chromium: Browser, tmp_path: Path) -> None:
    """Another site may send the browser to the redirect with a code of its own; the right answer still counts."""
    with registered() as (sandbox, redirect), window(chromium) as page:
        settings = settings_of(sandbox, tmp_path)
        with talking(settings, "--redirect-uri", redirect) as talk:
            page.goto(f"{redirect}?code=foreign")
            assert heading(page) == "Waiting for Lightspeed"
            page.goto(talk.address)
            page.get_by_role("button", name="Authorise").click()
            page.wait_for_url(f"{redirect}?**")
            assert heading(page) == "The account is connected"
            assert talk.end()[0] == 0


def test_the_redirect_page_shows_what_is_pasted(chromium: Browser, tmp_path: Path) -> None:
    files = partial(Quiet, directory=str(ROOT / "docs" / "redirect"))
    permissions = ["clipboard-read", "clipboard-write"]
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), files)) as server:
        redirect = f"http://127.0.0.1:{server.server_port}/"
        with registered(redirect) as (sandbox, _), window(chromium, permissions=permissions) as page:
            settings = settings_of(sandbox, tmp_path)
            with talking(settings, "--redirect-uri", "https://agency.example/") as talk:
                page.goto(talk.address)
                page.get_by_role("button", name="Authorise").click()
                page.get_by_role("button", name="Copy").click()
                page.get_by_text("Copied").wait_for()
                talk.type(page.evaluate("navigator.clipboard.readText()"))
                code, _, errors = talk.end()
    assert (code, errors) == (0, "")
    assert [each.account_id for each in connections(token_store(settings))] == [ACCOUNT]


@EVERYWHERE
def test_an_owner_follows_an_invitation(chromium: Browser, tmp_path: Path, size: ViewportSize, *, dark: bool) -> None:
    with invited(tmp_path) as (book, redirect, settings), window(chromium, size, dark=dark) as page:
        address = link(redirect, book.add("Northwind Cycles, Ann"))
        page.goto(address)
        assert heading(page) == "Connect your Lightspeed Retail account"
        assert "Northwind Cycles, Ann" in page.locator("main").inner_text()
        check(page)
        page.get_by_role("button", name="Continue to Lightspeed").click()
        page.get_by_role("button", name="Authorise").click()
        page.wait_for_url(f"{redirect}?**")
        assert heading(page) == "Thank you, the account is connected"
        check(page)
        page.reload()
        assert heading(page) == "Thank you, the account is connected"
        assert [each.account_id for each in book.listed()] == [ACCOUNT]
        assert connect(settings).account_id == ACCOUNT


def test_an_owner_who_denies_may_think_again(chromium: Browser, tmp_path: Path) -> None:
    with invited(tmp_path) as (book, redirect, settings), window(chromium) as page:
        address = link(redirect, book.add("Ann"))
        for decision, end in (("Deny", "No access was given"), ("Authorise", "Thank you, the account is connected")):
            page.goto(address)
            page.get_by_role("button", name="Continue to Lightspeed").click()
            page.get_by_role("button", name=decision).click()
            page.wait_for_url(f"{redirect}?**")
            assert heading(page) == end
            check(page)
        assert len(connections(token_store(settings))) == 1


def test_a_request_that_another_browser_began_connects_nothing(chromium: Browser, tmp_path: Path) -> None:
    complaint = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
    with invited(tmp_path) as (book, redirect, settings):
        with window(chromium) as attacker:
            attacker.goto(link(redirect, book.add("Ann")))
            attacker.get_by_role("button", name="Continue to Lightspeed").click()
            attacker.get_by_role("button", name="Authorise").wait_for()
            consent = attacker.url
        with window(chromium, expected=[complaint]) as page:
            page.goto(consent)
            page.get_by_role("button", name="Authorise").click()
            page.wait_for_url(f"{redirect}?**")
            assert "in one browser" in page.locator("main").inner_text()
            check(page)
        assert token_store(settings).listed() == {}


def test_a_used_link_says_so(chromium: Browser, tmp_path: Path) -> None:
    complaint = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    with invited(tmp_path) as (book, redirect, _), window(chromium, PHONE, expected=[complaint]) as page:
        secret = book.add("Ann")
        book.spend(secret, ACCOUNT)
        page.goto(link(redirect, secret))
        assert heading(page) == "This invitation cannot be used"
        assert page.get_by_role("button").count() == 0
        check(page)


class Quiet(SimpleHTTPRequestHandler):
    """Any web server."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    """Let a server run."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def invited(tmp_path: Path) -> Iterator[tuple[InvitationBook, str, dict[str, str]]]:
    """An agency: its invitations, its registered address, and its settings."""
    book = InvitationBook(tmp_path / "invitations.json")
    with registered() as (sandbox, redirect):
        settings = settings_of(sandbox, tmp_path)
        desk = Reception(book, Connector(settings), redirect, ["employee:register_read", "employee:customers"])
        port = int(redirect.split(":")[2].partition("/")[0])
        with serving(InvitationServer(desk, redirect, "127.0.0.1", port)):
            yield book, redirect, settings
