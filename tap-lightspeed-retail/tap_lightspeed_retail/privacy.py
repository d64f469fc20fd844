"""How personal data are treated before a record leaves: kept, hashed so that joins still work, or left out."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.resources import Field, FieldType

_SHORTEST_KEY = 16
_PHONE = re.compile(r"[\d\s().+/-]{5,}")
_DIGITS = re.compile(r"\D")
_BLANKS = re.compile(r"\s+")


class Hashing:
    """Personal texts become keyed hashes; personal dates, which could be guessed, are left out.

    Args:
        key: The secret without which nobody can try out which text has which hash.
    """

    def __init__(self, key: str) -> None:
        """Take the key."""
        self._key = key.encode()

    def drops(self, field: Field) -> bool:
        """Whether a field cannot hold a hash."""
        return field.type is not FieldType.STRING

    def disguise(self, value: Any) -> Any:
        """The hash of a text in its normal form; nothing stays nothing."""
        if value is None:
            return None
        return hmac.new(self._key, normal_form(str(value)).encode(), hashlib.sha256).hexdigest()


class Dropping:
    """Personal fields are left out of schema and records."""

    def drops(self, _field: Field) -> bool:
        """All of them."""
        return True

    def disguise(self, value: Any) -> Any:
        """Nothing is left to disguise but texts in a list, which go."""
        return None if value is not None else value


def normal_form(text: str) -> str:
    """A text so that spellings of one email address or phone number are alike.

    Letters are small, blanks single; a phone number is its digits, without a leading `+` or `00`.
    """
    text = _BLANKS.sub(" ", text.strip()).casefold()
    if _PHONE.fullmatch(text):
        return _DIGITS.sub("", text).removeprefix("00")
    return text


def privacy_of(settings: Mapping[str, Any]) -> Hashing | Dropping | None:
    """The treatment that the settings ask for; None where personal data are kept.

    Raises:
        SettingsError: There is no such treatment, or the key for hashing is missing or too short.
    """
    mode = settings.get("personal_data") or "keep"
    if mode == "keep":
        return None
    if mode == "drop":
        return Dropping()
    if mode != "hash":
        # Discovery comes before settings are checked, and must not take another word for one of these.
        raise SettingsError("personal_data must be one of: keep, hash, drop.")
    key = str(settings.get("personal_data_key") or "")
    if len(key) < _SHORTEST_KEY:
        message = f"personal_data hash needs personal_data_key, a secret of at least {_SHORTEST_KEY} characters."
        raise SettingsError(message)
    return Hashing(key)
