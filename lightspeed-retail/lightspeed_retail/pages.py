"""The pages that a browser shows while an account is connected: no scripts, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from http import HTTPStatus
from string import Template
from typing import Literal

from lightspeed_retail.scopes import SCOPES

_STYLE = """
:root {
  color-scheme: light dark;
  --back: #f3f4f6; --card: #fff; --text: #1b1f24; --quiet: #4b5563; --main: #1d4ed8; --on: #fff;
  --good: #166534; --bad: #b91c1c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #111418; --card: #1c2127; --text: #eceff3; --quiet: #b3bcc8; --main: #93c5fd; --on: #1b1f24;
    --good: #86efac; --bad: #fca5a5;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 32rem; margin: 5vh auto; padding: 1.5rem; background: var(--card); border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p, ul { margin: .5rem 0; overflow-wrap: anywhere; }
ul { padding-left: 1.25rem; }
li { margin: .375rem 0; }
code, .quiet { color: var(--quiet); font-size: .875rem; }
.mark { display: block; width: 3rem; height: 3rem; margin-bottom: 1rem; }
.mark path { fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; }
.mark circle { fill: none; stroke: currentColor; stroke-width: 1.5; }
.good { color: var(--good); }
.bad { color: var(--bad); }
button {
  width: 100%; min-height: 2.75rem; margin-top: 1.5rem; padding: 0 1rem; border: 1px solid var(--main);
  border-radius: .5rem; background: var(--main); color: var(--on); font: inherit; font-weight: 600; cursor: pointer;
}
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# There is no form-action: Chromium applies it to the redirect after the form too, which leads to Lightspeed.
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every page is sent with."""

PROGRAM = "Lightspeed Retail for Singer and Meltano"
"""How the program names itself to the owner of an account."""


@dataclass(frozen=True)
class Page:
    """A page, ready to be sent.

    Args:
        title: What it says, also its heading; plain text.
        body: What stands below the heading, as HTML.
        mark: Whether it tells of something good or bad.
        status: HTTP status.
    """

    title: str
    body: str
    mark: Literal["good", "bad", ""] = ""
    status: HTTPStatus = HTTPStatus.OK

    def html(self) -> bytes:
        """The whole document."""
        title = escape(self.title)
        return _PAGE.substitute(style=_STYLE, title=title, body=self.body, mark=_MARKS[self.mark]).encode()


def connected(account_name: str, account_id: int | None) -> Page:
    """The end of a connection that was started in a terminal."""
    body = _status(_account(account_name, account_id)) + _paragraph(
        "You may close this window and go back to the terminal."
    )
    return Page("The account is connected", body, "good")


def thanks(account_name: str, account_id: int | None, asker: str) -> Page:
    """The end of a connection that an invitation has started.

    Args:
        account_name: Name of the account.
        account_id: Its number.
        asker: Host name of whoever sent the invitation.
    """
    body = _status(_account(account_name, account_id)) + _paragraph(
        f"{asker} has what it needs, and the invitation is used up. You may close this window."
    )
    return Page("Thank you, the account is connected", body, "good")


def denied(remedy: str) -> Page:
    """Somebody chose not to consent.

    Args:
        remedy: What to do if that was a mistake.
    """
    body = _status("You did not give access, so nothing was connected and nothing was read.") + _paragraph(remedy)
    return Page("No access was given", body, "bad")


def failed(text: str, remedy: str) -> Page:
    """Something went wrong on the way.

    Args:
        text: What.
        remedy: What to do.
    """
    body = _alert(text) + _paragraph(remedy)
    return Page("The account was not connected", body, "bad", HTTPStatus.BAD_REQUEST)


def waiting() -> Page:
    """Somebody opened the redirect's address by hand."""
    text = "This page is where Lightspeed sends the browser once somebody has consented. It has not done so yet."
    return Page("Waiting for Lightspeed", _status(text))


def invitation(label: str, asker: str, scopes: Iterable[str], expires: datetime) -> Page:
    """What an owner sees first.

    Args:
        label: Whom the invitation is for.
        asker: Host name of whoever sent it.
        scopes: What is asked for.
        expires: Until when it can be accepted.
    """
    items = "\n".join(f"<li>{escape(SCOPES.get(scope, scope))} <code>{escape(scope)}</code></li>" for scope in scopes)
    body = _INVITATION.substitute(
        label=escape(label), asker=escape(asker), program=PROGRAM, scopes=items, until=f"{expires:%-d %B %Y}"
    )
    return Page("Connect your Lightspeed Retail account", body)


def unusable(text: str) -> Page:
    """An invitation that is spent, expired or unknown.

    Args:
        text: What is wrong with it, and what to do.
    """
    return Page("This invitation cannot be used", _alert(text), "bad", HTTPStatus.NOT_FOUND)


def unexpected() -> Page:
    """The program itself failed; what exactly is for its log."""
    body = _alert("The program met with something unexpected. Try again.")
    return Page("Something went wrong", body, "bad", HTTPStatus.INTERNAL_SERVER_ERROR)


def refused(status: HTTPStatus) -> Page:
    """A request that no browser sends which follows the links."""
    return Page(status.phrase, _alert(f"{status.description or status.phrase}."), "bad", status)


def _account(name: str, number: int | None) -> str:
    told = f"account number {number}" if number is not None else "number not known"
    return f"{name or 'Lightspeed Retail'} ({told})"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>\n"


def _status(text: str) -> str:
    return f'<p role="status">{escape(text)}</p>\n'


def _alert(text: str) -> str:
    return f'<p role="alert">{escape(text)}</p>\n'


_MARK = (
    '<svg class="mark {kind}" viewBox="0 0 24 24" aria-hidden="true">'
    '<circle cx="12" cy="12" r="11"/><path d="{path}"/></svg>'
)
_MARKS = {
    "": "",
    "good": _MARK.format(kind="good", path="M7 12.5l3.5 3.5L17 8.5"),
    "bad": _MARK.format(kind="bad", path="M12 6.5v7M12 17.2v.1"),
}
_INVITATION = Template("""\
<p>This invitation is for <strong>$label</strong>.</p>
<p><strong>$asker</strong> asks to use your account with the program <strong>$program</strong>.
Lightspeed will ask you to log in and to confirm.</p>
<h2 id="scopes">It asks for permission to:</h2>
<ul aria-labelledby="scopes">
$scopes
</ul>
<form method="post">
<button>Continue to Lightspeed</button>
</form>
<p class="quiet">The invitation can be used once, until $until.</p>
""")
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
$mark
<h1>$title</h1>
$body</main>
</body>
</html>
""")
