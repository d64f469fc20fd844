"""The settings that tap and target share: JSON Schema for people and tools, checks that never show a value."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import jsonschema

from lightspeed_retail.client import DEFAULT_API_URL
from lightspeed_retail.errors import SettingsError
from lightspeed_retail.pacing import MOST_CONNECTIONS
from lightspeed_retail.token_endpoint import DEFAULT_AUTH_URL

Schema = dict[str, Any]


def setting(type_: str, title: str, description: str, *, secret: bool = False, **more: Any) -> Schema:
    """One setting as a JSON Schema property."""
    marks = {"secret": True, "writeOnly": True} if secret else {}
    return {"type": [type_, "null"], "title": title, "description": description, **marks, **more}


# What a header can carry; blanks around it are a slip of pasting and are taken off.
_PRINTABLE = r"^\s*[!-~]+\s*$"

CONNECTION: dict[str, Schema] = {
    "client_id": setting("string", "Client ID", "Id of your API client, from its registration at Lightspeed."),
    "client_secret": setting(
        "string",
        "Client secret",
        "Secret of your API client. Public clients have none.",
        secret=True,
    ),
    "refresh_token": setting(
        "string",
        "Refresh token",
        "Token from which access tokens are renewed. It works once: its successors are kept in the token store. Not "
        "needed for an account that lightspeed-retail connect has connected.",
        secret=True,
        pattern=_PRINTABLE,
    ),
    "access_token": setting(
        "string",
        "Access token",
        "A fixed access token to use instead of refreshing; it ends after about an hour.",
        secret=True,
        pattern=_PRINTABLE,
    ),
    "account_id": setting(
        "string",
        "Account ID",
        "Number of the Lightspeed account. Left out, it is found by itself, unless several are connected.",
        pattern="^[0-9]{1,18}$",
    ),
    "token_store": setting(
        "string",
        "Token store",
        "Where the newest tokens are kept: a file, or the URL of a database that several machines share. Default: "
        "Meltano's own database if that is PostgreSQL, else .lightspeed-retail/tokens.json in the Meltano project, or "
        "the user's state folder. It must survive from run to run.",
        secret=True,
    ),
    "api_url": setting(
        "string", "API address", "Scheme and host of the API.", default=DEFAULT_API_URL, pattern="^https?://"
    ),
    "auth_url": setting(
        "string",
        "Authorisation address",
        "Scheme and host of the authorisation server; /auth/oauth/token and so on hang below it.",
        default=DEFAULT_AUTH_URL,
        pattern="^https?://",
    ),
    "api_path": setting(
        "string",
        "API path",
        "Path below the API address, where a gateway serves the API under another one than /API/V3.",
        pattern=r"^/[^\s?#]*$",
    ),
    "token_url": setting(
        "string",
        "Token address",
        "Whole address of the token endpoint, where it is not /auth/oauth/token below the authorisation address.",
        pattern="^https?://[!-~]+$",
    ),
    "api_version": setting(
        "string",
        "API version",
        "Version of the API: V3, or V2 for the older paths.",
        default="V3",
        enum=["V3", "V2", None],
    ),
    "user_agent": setting("string", "User agent", "How requests name the program to Lightspeed.", pattern="^[ -~]*$"),
    "ca_bundle": setting(
        "string",
        "CA bundle",
        "File with the certificate authorities to trust, for a proxy that opens TLS connections. It wins over the "
        "variables REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE. Certificates are always verified.",
    ),
    "max_connections": setting(
        "integer",
        "Most connections",
        "How many requests may be on their way at the same time; 1 sends one after the other. Left out: as many as it "
        "takes to use up the account's rate, by how long answers take.",
        minimum=1,
        maximum=MOST_CONNECTIONS,
    ),
}
"""What it takes to reach an account."""


def problems(settings: Mapping[str, Any], schema: Schema, *, extra: Iterable[str] = ()) -> list[str]:
    """What is wrong with the settings, a line each, in words that never include a value.

    Args:
        settings: The settings as given.
        schema: Their JSON Schema.
        extra: Further settings that are known, of the runner for example.
    """
    known = {*schema["properties"], *extra}
    found = [_misspelt(name, known) for name in settings if name not in known]
    validator = jsonschema.Draft202012Validator(schema)
    found += [_describe(error) for error in validator.iter_errors(_as_text(settings, schema))]
    return [line for line in found if line] + _lacking(settings)


def check(settings: Mapping[str, Any], schema: Schema, *, raise_errors: bool) -> list[str]:
    """The problems of some settings.

    Raises:
        SettingsError: There are some, and they are to be raised.
    """
    found = problems(settings, schema)
    if found and raise_errors:
        raise SettingsError(" ".join(found))
    return found


_NUMBER = re.compile(r"[0-9]+([.][0-9]*)?|[.][0-9]+")


def numbers(settings: Mapping[str, Any], schema: Schema) -> dict[str, float]:
    """The settings that are numbers and came as texts, as the SDK leaves those from the environment."""
    names = [name for name in schema["properties"] if "number" in _types(schema, name)]
    texts = {name: found for name in names if isinstance(found := settings.get(name), str)}
    return {name: float(text) for name, text in texts.items() if _NUMBER.fullmatch(text)}


def check_environment(prefix: str, schema: Schema) -> None:
    """See that variables hold what their settings want; the SDK would stop with a stack trace that shows the value.

    Args:
        prefix: What the names of the variables begin with.
        schema: JSON Schema of the settings.

    Raises:
        SettingsError: One does not.
    """
    for name in schema["properties"]:
        variable = prefix + name.upper()
        kind = next((kind for kind in _types(schema, name) if kind in _READERS), None)
        if kind is None or variable not in os.environ:
            continue
        try:
            _READERS[kind](os.environ[variable])
        except ValueError:
            message = f"{name} must be of type {kind} (environment variable {variable})."
            raise SettingsError(message) from None


_READERS: dict[str, Callable[[str], object]] = {
    "integer": int,
    "number": float,
    "object": json.loads,
    "array": json.loads,
}


def _as_text(settings: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """YAML makes a number of an id that looks like one; where a text is wanted that is no mistake."""
    return {
        name: str(value) if type(value) is int and "string" in _types(schema, name) else value
        for name, value in settings.items()
    }


def _types(schema: Schema, name: str) -> list[str]:
    found = schema["properties"].get(name, {}).get("type", [])
    return [found] if isinstance(found, str) else found


def _misspelt(name: str, known: Iterable[str]) -> str:
    """A name that is nearly one of ours is a slip; any other is none of our business."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.8)
    return f"There is no setting {name}: did you mean {close[0]}?" if close else ""


def _describe(error: jsonschema.ValidationError) -> str:
    name = ".".join(str(step) for step in error.absolute_path) or "settings"
    describe = _DESCRIPTIONS.get(str(error.validator))
    return f"{name} {describe(error)}." if describe else f"{name} is not valid ({error.validator})."


def _type(error: jsonschema.ValidationError) -> str:
    wanted: Any = error.validator_value
    names = [wanted] if isinstance(wanted, str) else [kind for kind in wanted if kind != "null"]
    return f"must be of type {' or '.join(names)}"


def _choice(error: jsonschema.ValidationError) -> str:
    values: Any = error.validator_value
    return f"must be one of {', '.join(str(each) for each in values if each is not None)}"


def _missing(error: jsonschema.ValidationError) -> str:
    wanted: Any = error.validator_value
    given: Any = error.instance
    return f"lacks {' and '.join(key for key in wanted if key not in given)}"


def _surplus(error: jsonschema.ValidationError) -> str:
    """Which keys are unknown; their values are not shown."""
    schema: Any = error.schema
    given: Any = error.instance
    known = schema.get("properties", {})
    return f"has no {' or '.join(key for key in given if key not in known)}; it has {', '.join(known)}"


_DESCRIPTIONS: dict[str, Callable[[jsonschema.ValidationError], str]] = {
    "type": _type,
    "enum": _choice,
    "required": _missing,
    "additionalProperties": _surplus,
    "format": lambda error: f"must be a {error.validator_value}",
    "pattern": lambda error: f"has the wrong form: it must match {error.validator_value}",
    "minimum": lambda error: f"must be at least {error.validator_value}",
    "maximum": lambda error: f"must be at most {error.validator_value}",
}


def _lacking(settings: Mapping[str, Any]) -> list[str]:
    if settings.get("access_token"):
        return []
    if settings.get("client_id"):
        return []
    also = "" if settings.get("refresh_token") else " and connect the account with lightspeed-retail connect"
    return [f"Set client_id{also} (or set access_token, for a short while)."]


def check_address(name: str, address: str) -> None:
    """See that an address has a host and no path.

    Raises:
        SettingsError: It has not.
    """
    example = CONNECTION[name]["default"]
    try:
        parts = urlsplit(address)
        well_formed = bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed:
        message = f"{name} must be scheme and host, as in {example}."
        raise SettingsError(message)
    if parts.username or parts.password or parts.path.strip("/") or parts.query:
        message = f"{name} takes scheme and host only, as in {example}: no path, no user name, no password."
        raise SettingsError(message)
