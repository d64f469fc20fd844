"""The consent page: what it shows, where it sends the browser, and what its codes are worth."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from html import escape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lightspeed_retail.resources import Resource
from lightspeed_retail.scopes import SCOPES
from lightspeed_sandbox.serve import Sandbox
from tests.declared import RESOURCES
from tests.retailer import small_sandbox, small_store
from tests.sandbox.calling import Api

VERIFIER = "a-verifier-that-is-long-enough-for-the-rules_0123456789~."
S256 = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
STATE = 'state & <"of"> + the client'
REGISTERED = "https://agency.example/back?tenant=a%26b"

Fields = dict[str, str]


class Form(HTMLParser):
    """What a browser would send, and where to: all inputs of a page."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.action = ""
        self.fields: Fields = {}
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters of a tag."""
        values = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.links += [values[name] for name in ("href", "src") if name in values]
        if tag == "form":
            self.action = values["action"]
        if tag == "input":
            self.fields[values["name"]] = values["value"]


class Browser:
    """Somebody at the consent page of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Go to this sandbox."""
        self.sandbox = sandbox
        self.address = f"{sandbox.url}/auth/oauth/authorize"

    def ask(self, **changes: str) -> requests.Response:
        """Open the page."""
        asked = {
            "response_type": "code",
            "client_id": self.sandbox.client_id,
            "scope": "employee:register_read employee:customers",
            "state": STATE,
        }
        return requests.get(self.address, params=asked | changes, timeout=30)

    def send(self, decision: str, changes: Fields | None = None, **asked: str) -> requests.Response:
        """Open the page and press a button."""
        form = Form(self.ask(**asked).text)
        fields = {**form.fields, "decision": decision, **(changes or {})}
        return requests.post(self.sandbox.url + form.action, data=fields, timeout=30, allow_redirects=False)

    def code(self, **asked: str) -> str:
        """The code that comes of consent."""
        return answer_of(self.send("authorise", None, **asked))["code"]

    def redeem(self, code: str, **changes: str) -> requests.Response:
        """Ask for tokens."""
        fields = {
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "grant_type": "authorization_code",
            "code": code,
        }
        return requests.post(f"{self.sandbox.url}/auth/oauth/token", data=fields | changes, timeout=30)


def answer_of(answer: requests.Response) -> Fields:
    """What the browser brings to the registered address."""
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query, strict_parsing=True)
    return {name: value for name, (value,) in query.items()}


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and word of a refusal."""
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json()["error"]


@pytest.fixture(scope="module")
def browser(sandbox: Sandbox) -> Browser:
    return Browser(sandbox)


@pytest.fixture(scope="module")
def public() -> Iterator[Browser]:
    with small_sandbox(small_store(days=1), public_client=True, redirect_uri=REGISTERED) as sandbox:
        yield Browser(sandbox)


def test_the_page_names_client_account_employee_and_scopes(browser: Browser, sandbox: Sandbox) -> None:
    answer = browser.ask()
    account = sandbox.rows(Resource.named("Account"))[0]
    employee = next(row for row in sandbox.rows(Resource.named("Employee")) if not row["archived"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].lower() == "text/html; charset=utf-8"
    for text in ("Sandbox client", account["name"], sandbox.account, "See sales", "See and change customers"):
        assert escape(text) in answer.text
    assert "Refund" not in answer.text
    assert Form(answer.text).fields["employee"] == f"{employee['firstName']} {employee['lastName']}"


def test_the_page_needs_nothing_else_and_fits_every_screen(browser: Browser) -> None:
    answer = browser.ask()
    page = Form(answer.text)
    assert page.links == []
    assert not {"script", "link", "img"} & set(page.tags)
    assert {"main", "h1", "label", "ul"} <= set(page.tags)
    assert page.tags.count("button") == 2
    for text in ('<html lang="en">', "<title>", "width=device-width", "prefers-color-scheme: dark", 'for="employee"'):
        assert text in answer.text
    assert "url(" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_the_request_says_cannot_break_the_page(browser: Browser) -> None:
    answer = browser.ask(state='"><script>alert(1)</script>')
    assert "<script" not in answer.text
    assert Form(answer.text).fields["state"] == '"><script>alert(1)</script>'


def contrast(first: str, second: str) -> float:
    """How well two colours are told apart, as WCAG measures it."""

    def light(colour: str) -> float:
        whole = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
        parts = [int(whole[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(first), light(second)))
    return (bright + 0.05) / (dark + 0.05)


def test_light_and_dark_can_be_read(browser: Browser) -> None:
    themes = [dict(re.findall(r"--(\w+): #(\w+)", block)) for block in browser.ask().text.split(":root {")[1:]]
    assert len(themes) == 2
    for theme in themes:
        for front, back in (("text", "card"), ("quiet", "card"), ("main", "card"), ("on", "main")):
            assert contrast(theme[front], theme[back]) >= 4.5, (front, back)
        assert contrast(theme["line"], theme["card"]) >= 3


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "wrong"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"scope": "employee:register employee:unicorns"}, "invalid_scope"),
        ({"scope": "employee:all_read"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "invalid_request"),
        ({"code_challenge": S256, "code_challenge_method": "S512"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_a_bad_request_gets_no_page_and_no_code(browser: Browser, changes: Fields, error: str) -> None:
    assert error_of(browser.ask(**changes)) == (400, error)
    assert error_of(browser.send("authorise", changes)) == (400, error)


def test_only_the_two_buttons_decide(browser: Browser) -> None:
    assert error_of(browser.send("perhaps")) == (400, "invalid_request")
    assert error_of(requests.put(browser.address, timeout=30)) == (405, "invalid_request")


def test_consent_leads_to_the_registered_address_with_code_and_state(browser: Browser) -> None:
    answer = browser.send("authorise", redirect_uri="https://evil.example/")
    assert answer.headers["Location"].startswith("http://127.0.0.1:8766/callback?code=")
    assert answer_of(answer).keys() == {"code", "state"}
    assert answer_of(answer)["state"] == STATE


def test_denial_leads_there_too_and_needs_no_name(browser: Browser) -> None:
    answer = browser.send("deny", {"employee": ""})
    assert answer.headers["Location"].startswith("http://127.0.0.1:8766/callback?")
    assert answer_of(answer) == {"error": "access_denied", "state": STATE}


def test_nobody_cannot_consent(browser: Browser) -> None:
    answer = browser.send("authorise", {"employee": " "})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    form = Form(answer.text)
    assert (form.fields["employee"], form.fields["state"]) == ("", STATE)


def test_a_request_without_state_is_answered_without(browser: Browser, sandbox: Sandbox) -> None:
    fields = {"response_type": "code", "client_id": sandbox.client_id, "scope": "employee:all", "decision": "deny"}
    answer = requests.post(browser.address, data=fields, timeout=30, allow_redirects=False)
    assert answer_of(answer) == {"error": "access_denied"}


def test_the_registered_address_keeps_its_own_query(public: Browser) -> None:
    answer = public.send("deny", code_challenge=S256, code_challenge_method="S256")
    assert answer.headers["Location"].startswith("https://agency.example/back?")
    assert answer_of(answer) == {"tenant": "a&b", "error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    "address", ["", "callback", "ftp://example.com/", "https://", "https://example.com/#part", "https://exämple.com/"]
)
def test_only_the_address_of_a_page_can_be_registered(address: str) -> None:
    with pytest.raises(ValueError, match="redirect address"):
        small_sandbox(small_store(days=1), redirect_uri=address)


def test_a_code_gives_tokens_with_what_was_granted_and_they_rotate(browser: Browser, sandbox: Sandbox) -> None:
    tokens = browser.redeem(browser.code()).json()
    assert tokens.keys() == {"token_type", "expires_in", "access_token", "refresh_token"}
    claims = tokens["access_token"].split(".")[1]
    told = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert told["scope"] == "employee:register_read employee:customers"
    assert told["acct"] == sandbox.account
    holder = Api(sandbox, tokens["access_token"])
    assert holder.ask("/Sale.json", limit=1).status_code == 200
    assert holder.ask("/Vendor.json", limit=1).status_code == 200, "it needs no scope"
    assert holder.ask("/Workorder.json", limit=1).status_code == 403

    renewed = holder.tokens(tokens["refresh_token"]).json()
    assert Api(sandbox, renewed["access_token"]).ask("/Workorder.json", limit=1).status_code == 403
    assert Api(sandbox, renewed["access_token"]).ask("/Sale.json", limit=1).status_code == 200
    assert holder.tokens(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_grant_by_consent_can_be_revoked(browser: Browser, sandbox: Sandbox) -> None:
    tokens = browser.redeem(browser.code()).json()
    fields = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    revoked = requests.post(f"{sandbox.url}/auth/oauth/revoke", data={**fields, **tokens}, timeout=30)
    assert revoked.status_code == 200
    assert Api(sandbox, tokens["access_token"]).ask("/Shop.json").status_code == 401


def test_a_code_works_once(browser: Browser) -> None:
    code = browser.code()
    assert browser.redeem(code).status_code == 200
    assert error_of(browser.redeem(code)) == (400, "invalid_grant")
    assert error_of(browser.redeem("def502" + "0" * 64)) == (400, "invalid_grant")
    assert error_of(browser.redeem("")) == (400, "invalid_request")


def test_a_code_lives_sixty_seconds(browser: Browser, sandbox: Sandbox) -> None:
    for seconds, status in ((55, 200), (61, 400)):
        code = browser.code()
        sandbox.clock.advance(timedelta(seconds=seconds))
        assert browser.redeem(code).status_code == status


def test_a_code_lives_shorter_where_time_runs_faster() -> None:
    with small_sandbox(small_store(days=1), time_scale=6.0) as sandbox:
        browser = Browser(sandbox)
        for seconds, status in ((5, 200), (10.5, 400)):
            code = browser.code()
            sandbox.clock.advance(timedelta(seconds=seconds))
            assert browser.redeem(code).status_code == status


def test_wrong_credentials_do_not_spend_a_code(browser: Browser) -> None:
    code = browser.code()
    assert error_of(browser.redeem(code, client_secret="wrong")) == (401, "invalid_client")
    assert error_of(browser.redeem(code, client_secret="")) == (401, "invalid_client")
    assert browser.redeem(code).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"code_challenge": S256, "code_challenge_method": "S256"},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": VERIFIER},
    ],
    ids=["S256", "plain", "default"],
)
def test_pkce_wants_the_verifier(browser: Browser, asked: Fields) -> None:
    assert browser.redeem(browser.code(**asked), code_verifier=VERIFIER).status_code == 200
    for wrong in ("", VERIFIER[::-1], "short", "ü" * 50):
        assert error_of(browser.redeem(browser.code(**asked), code_verifier=wrong)) == (400, "invalid_grant")


def test_a_challenge_is_no_verifier(browser: Browser) -> None:
    code = browser.code(code_challenge=S256, code_challenge_method="S256")
    assert error_of(browser.redeem(code, code_verifier=S256)) == (400, "invalid_grant")
    assert error_of(browser.redeem(code, code_verifier=VERIFIER)) == (400, "invalid_grant"), "the code is spent"
    assert error_of(browser.redeem(browser.code(), code_verifier=VERIFIER)) == (400, "invalid_grant")


def test_a_public_client_needs_pkce_and_no_secret(public: Browser) -> None:
    assert error_of(public.ask(code_challenge="")) == (400, "invalid_request")
    asked = {"code_challenge": S256, "code_challenge_method": "S256"}
    tokens = public.redeem(public.code(**asked), client_secret="", code_verifier=VERIFIER)
    assert tokens.status_code == 200
    refresh = tokens.json()["refresh_token"]
    assert Api(public.sandbox).tokens(refresh, client_secret="").status_code == 200
    assert error_of(public.redeem(public.code(**asked), client_secret="", code_verifier="")) == (400, "invalid_grant")
    wrong = public.redeem(public.code(**asked), client_secret="wrong", code_verifier=VERIFIER)
    assert error_of(wrong) == (401, "invalid_client")


def test_every_stream_can_be_read_with_scopes_that_may_be_asked_for() -> None:
    lacking = [known for known in RESOURCES if known.api.read_scopes and not SCOPES.keys() & {*known.api.read_scopes}]
    assert lacking == []
    assert all(words[0].isupper() and not words.endswith(".") for words in SCOPES.values())
