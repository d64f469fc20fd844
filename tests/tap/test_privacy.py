"""Personal data: kept, hashed so that joins still work, or left out, before a record leaves."""

from __future__ import annotations

import pytest

from lightspeed_retail.errors import SettingsError
from tap_lightspeed_retail.privacy import Hashing, normal_form, privacy_of

KEY = "a key of twenty signs"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.com ", "ada@example.com"),
        ("+1 (555) 010-0199", "0015550100199"),
        ("555-0100", "555 0100"),
        ("Ada  Stone", "ada stone"),
    ],
)
def test_spellings_of_one_thing_have_one_hash(one: str, other: str) -> None:
    hashing = Hashing(KEY)
    assert hashing.disguise(one) == hashing.disguise(other)
    assert len(hashing.disguise(one)) == 64


def test_another_thing_or_another_key_has_another_hash() -> None:
    assert Hashing(KEY).disguise("555-0100") != Hashing(KEY).disguise("555-0101")
    assert Hashing(KEY).disguise("555-0100") != Hashing(KEY + "!").disguise("555-0100")


def test_a_number_in_a_text_is_no_phone() -> None:
    assert normal_form("Suite 12") == "suite 12"


def test_nothing_stays_nothing() -> None:
    assert Hashing(KEY).disguise(None) is None


@pytest.mark.parametrize("key", [None, "", "too short"])
def test_hashing_needs_a_key_that_nobody_guesses(key: str | None) -> None:
    with pytest.raises(SettingsError, match="personal_data_key"):
        privacy_of({"personal_data": "hash", "personal_data_key": key})


def test_personal_data_are_kept_unless_somebody_says_otherwise() -> None:
    assert privacy_of({}) is None
