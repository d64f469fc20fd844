"""The page on which a person lets the client into the account, and what it sends the browser away with.

Source: page "Authentication overview" (sections 1.2, 1.6 and 1.7 of the API reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from lightspeed_retail.resources import Resource
from lightspeed_retail.scopes import SCOPES
from lightspeed_sandbox.errors import JSON, ApiError, OAuthError
from lightspeed_sandbox.oauth import Challenge, Client, Grants
from lightspeed_sandbox.store import Store

# There is no form-action: Chromium applies it to the redirect after the form too, which leads to the client.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

_BAD_REQUEST = 400
# The account is the sandbox's own: nobody logs in to one here.
_ASKED = ("response_type", "client_id", "scope", "state", "code_challenge", "code_challenge_method", "account")


class ScopeError(ApiError):
    """A scope that nobody can grant."""

    content_type = JSON

    def __init__(self, hint: str) -> None:
        """Say what is wrong with it."""
        super().__init__(_BAD_REQUEST, "The requested scope is invalid, unknown, or malformed")
        self._hint = hint

    def body(self) -> dict[str, Any]:
        """The body as the authorisation server writes it."""
        return {"error": "invalid_scope", "error_description": str(self), "hint": self._hint}


@dataclass(frozen=True)
class Consent:
    """Asks an employee of the account on behalf of the client.

    Args:
        store: The account's rows, for the names on the page.
        grants: Gives codes.
        client: Who asks.
        account: Id of the account.
    """

    store: Store
    grants: Grants
    client: Client
    account: str

    def page(self, fields: Mapping[str, str], *, nameless: bool = False) -> bytes:
        """The page for an authorisation request.

        Args:
            fields: The parameters of the request.
            nameless: Whether somebody tried to authorise without a name.

        Raises:
            ApiError: The request is not good.
        """
        scopes, _ = self._check(fields)
        hidden = {name: fields[name] for name in _ASKED if name in fields}
        text = _PAGE.substitute(
            client=escape(self.client.name),
            account=escape(self._account_name()),
            number=escape(self.account),
            scopes="\n".join(_SCOPE.substitute(words=escape(SCOPES[name]), name=escape(name)) for name in scopes),
            hidden="\n".join(_HIDDEN.substitute(name=name, value=escape(value)) for name, value in hidden.items()),
            employee="" if nameless else escape(self._employee_name()),
            invalid=' aria-invalid="true" aria-describedby="problem"' if nameless else "",
            problem=_PROBLEM if nameless else "",
        )
        return text.encode()

    def decide(self, fields: Mapping[str, str]) -> str | None:
        """Where the browser goes after the form was sent; nowhere, if it lacks a name.

        Raises:
            ApiError: The request is not good.
        """
        scopes, challenge = self._check(fields)
        decision = fields.get("decision")
        if decision == "deny":
            return self._address(fields, error="access_denied")
        if decision != "authorise":
            raise OAuthError(_BAD_REQUEST, "invalid_request", "Check the `decision` parameter")
        if not fields.get("employee", "").strip():
            return None
        return self._address(fields, code=self.grants.code(" ".join(scopes), challenge))

    def _check(self, fields: Mapping[str, str]) -> tuple[list[str], Challenge | None]:
        """The scopes and the challenge of a good request."""
        if fields.get("client_id") != self.client.id:
            raise OAuthError(_BAD_REQUEST, "invalid_client")
        if fields.get("response_type") != "code":
            raise OAuthError(_BAD_REQUEST, "invalid_request", "Check the `response_type` parameter")
        scopes = list(dict.fromkeys(fields.get("scope", "").split()))
        if not scopes:
            raise ScopeError("Check the `scope` parameter")
        for scope in scopes:
            if scope not in SCOPES:
                raise ScopeError(f"Check the `{scope}` scope")
        challenge = Challenge.of(fields)
        if challenge is None and self.client.public:
            raise OAuthError(_BAD_REQUEST, "invalid_request", "Check the `code_challenge` parameter")
        return scopes, challenge

    def _address(self, fields: Mapping[str, str], **answer: str) -> str:
        """The registered redirect address with an answer, and the state of the request."""
        parts = urlsplit(self.client.redirect_uri)
        state = {"state": fields["state"]} if "state" in fields else {}
        query = [*parse_qsl(parts.query, keep_blank_values=True), *answer.items(), *state.items()]
        return parts._replace(query=urlencode(query)).geturl()

    def _account_name(self) -> str:
        found = self.store.select(Resource.named("Account"), limit=1)
        return str(found[0]["name"]) if found and found[0]["name"] else "Lightspeed Retail"

    def _employee_name(self) -> str:
        """The first employee who still works here."""
        found = self.store.select(Resource.named("Employee"), 'NOT coalesce("archived", 0)', limit=1)
        names = [found[0][name] for name in ("firstName", "lastName")] if found else []
        return " ".join(filter(None, names)) or "Sandbox Employee"


_SCOPE = Template("<li>$words <code>$name</code></li>")
_HIDDEN = Template('<input type="hidden" name="$name" value="$value">')
_PROBLEM = '<p id="problem" role="alert">Enter the name of an employee to authorise, or deny.</p>'
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Authorise $client · Lightspeed Retail sandbox</title>
<style>
:root {
  color-scheme: light dark;
  --back: #f3f4f6; --card: #fff; --text: #1b1f24; --quiet: #4b5563; --line: #6b7280; --main: #b91c1c; --on: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #111418; --card: #1c2127; --text: #eceff3; --quiet: #b3bcc8; --line: #8b95a3;
    --main: #fca5a5; --on: #1b1f24;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 32rem; margin: 5vh auto; padding: 1.5rem; background: var(--card); border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p, ul { margin: .5rem 0; overflow-wrap: anywhere; }
ul { padding-left: 1.25rem; }
li { margin: .375rem 0; }
code, .quiet { color: var(--quiet); font-size: .875rem; }
label { display: block; margin-top: 1.5rem; font-weight: 600; }
input, button { width: 100%; min-height: 2.75rem; border: 1px solid var(--line); border-radius: .5rem; font: inherit; }
input { padding: 0 .75rem; background: var(--card); color: var(--text); }
.choice { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1 1 10rem; padding: 0 1rem; background: transparent; color: var(--text); cursor: pointer; }
button.main { border-color: var(--main); background: var(--main); color: var(--on); font-weight: 600; }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
#problem { color: var(--main); font-weight: 600; }
</style>
</head>
<body>
<main>
<h1>$client wants to use your account</h1>
<p>Account: <strong>$account</strong> <span class="quiet">(number $number)</span></p>
<h2 id="scopes">It asks for permission to:</h2>
<ul aria-labelledby="scopes">
$scopes
</ul>
<form method="post" action="/auth/oauth/authorize">
$hidden
<label for="employee">Employee</label>
<input id="employee" name="employee" value="$employee" autocomplete="off" required$invalid>
$problem
<p class="quiet">This is the sandbox: everybody is made up, and nobody needs a password.</p>
<div class="choice">
<button class="main" name="decision" value="authorise">Authorise</button>
<button name="decision" value="deny" formnovalidate>Deny</button>
</div>
</form>
</main>
</body>
</html>
""")
