"""The book of invitations: private, one-time, and fair to two who come at once."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.invitations import Invitation, InvitationBook, InvitationError, link


@pytest.fixture
def book(tmp_path: Path) -> InvitationBook:
    return InvitationBook(tmp_path / "kept" / "invitations.json")


def age(book: InvitationBook, days: float) -> None:
    """Let time pass for all invitations."""
    document = json.loads(book.path.read_text(encoding="utf-8"))
    for each in document["invitations"]:
        for name in ("created", "expires", "claimed_until"):
            if each[name]:
                each[name] = (datetime.fromisoformat(each[name]) - timedelta(days=days)).isoformat()
    book.path.write_text(json.dumps(document), encoding="utf-8")


def kept(book: InvitationBook, token: str) -> Invitation:
    found = book.find(token)
    assert found is not None
    return found


def test_the_file_is_private_and_holds_no_link(book: InvitationBook) -> None:
    tokens = [book.add("Bike Shop"), book.add("Ski Shop", 1)]
    content = book.path.read_text(encoding="utf-8")
    assert all(len(token) == 43 and token not in content for token in tokens)
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(book.path.parent.stat().st_mode) == 0o700
    assert [each.label for each in book.listed()] == ["Bike Shop", "Ski Shop"]
    assert {path.name for path in book.path.parent.iterdir()} <= {"invitations.json", "invitations.json.lock"}


def test_an_invitation_is_good_for_a_week_unless_somebody_says_otherwise(book: InvitationBook) -> None:
    for token, days in ((book.add("Bike Shop"), 7), (book.add("Bike Shop", days=0.5), 0.5)):
        found = book.open(token)
        assert found.expires - found.created == timedelta(days=days)
        assert abs(found.created - datetime.now(UTC)) < timedelta(minutes=1)
    age(book, 0.6)
    assert [each.expires > datetime.now(UTC) for each in book.listed()] == [True, False]


def test_an_invitation_ends(book: InvitationBook) -> None:
    token = book.add("Bike Shop")
    age(book, 7)
    with pytest.raises(InvitationError, match=r"could be used until \d+ \w+ \d{4}: ask"):
        book.open(token)
    assert kept(book, token).used_at is None


def test_looking_at_an_invitation_does_not_spend_it(book: InvitationBook) -> None:
    token = book.add("Bike Shop")
    before = book.path.read_bytes()
    for _ in range(3):
        assert book.open(token) == kept(book, token)
    assert book.path.read_bytes() == before


def test_an_invitation_is_spent_once(book: InvitationBook) -> None:
    token, other = book.add("Bike Shop"), book.add("Ski Shop")
    spent = book.spend(token, 100000)
    assert (spent.account_id, kept(book, token)) == (100000, spent)
    assert spent.used_at is not None
    for use in (book.open, lambda secret: book.spend(secret, 2)):
        with pytest.raises(InvitationError, match="has been used"):
            use(token)
    assert kept(book, token).account_id == 100000
    assert kept(book, other).used_at is None


def test_of_many_who_spend_one_at_once_one_succeeds(book: InvitationBook) -> None:
    token = book.add("Bike Shop")

    def spend(account: int) -> int:
        try:
            return InvitationBook(book.path).spend(token, account).account_id or 0
        except InvitationError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        accounts = [account for account in pool.map(spend, range(1, 17)) if account]
    assert accounts == [kept(book, token).account_id]


def test_whoever_claims_one_keeps_others_out(book: InvitationBook) -> None:
    token, other = book.add("Bike Shop"), book.add("Ski Shop")
    with book.claimed(token):
        with pytest.raises(InvitationError, match="in another window"), InvitationBook(book.path).claimed(token):
            pass
        with book.claimed(other):
            pass
        book.spend(token, 100000)
    with pytest.raises(InvitationError, match="has been used"), book.claimed(token):
        pass
    assert kept(book, token).account_id == 100000


def test_a_claim_that_comes_to_nothing_leaves_the_invitation_good(book: InvitationBook) -> None:
    token = book.add("Bike Shop")
    before = kept(book, token)
    with pytest.raises(ZeroDivisionError), book.claimed(token):
        raise ZeroDivisionError
    assert kept(book, token) == before


def test_a_claim_ends_if_its_program_was_killed(book: InvitationBook) -> None:
    token = book.add("Bike Shop")
    with book.claimed(token):
        age(book, 3 / 24 / 60)
        with book.claimed(token):
            theirs = kept(book, token)
            assert theirs.claimed_until is not None
            assert theirs.claimed_until > datetime.now(UTC)


def test_an_old_claim_does_not_free_that_of_another(book: InvitationBook) -> None:
    token = book.add("Bike Shop")
    first, second = book.claimed(token), book.claimed(token)
    first.__enter__()
    age(book, 3 / 24 / 60)
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(InvitationError, match="in another window"), book.claimed(token):
        pass
    second.__exit__(None, None, None)
    assert kept(book, token).claimed_until is None


def test_a_claim_proves_that_the_file_can_be_written(book: InvitationBook, monkeypatch: pytest.MonkeyPatch) -> None:
    token = book.add("Bike Shop")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = book.path.read_bytes()
    with pytest.raises(SettingsError, match="cannot be changed: No space left"), book.claimed(token):
        pytest.fail("an account would be connected")
    assert book.path.read_bytes() == before
    assert not list(book.path.parent.glob(".invitations-*"))


def test_what_is_no_link_is_told(book: InvitationBook) -> None:
    assert book.find("nothing") is None
    for token in ("", "nothing", book.add("Bike Shop")[:-1]):
        with pytest.raises(InvitationError, match="no such invitation"):
            book.open(token)
        with pytest.raises(InvitationError, match="no such invitation"):
            book.spend(token, 1)


@pytest.mark.parametrize("label", ["", "  ", "x" * 101, "Bike\x1b[2JShop"])
def test_a_label_is_a_line_of_text(book: InvitationBook, label: str) -> None:
    with pytest.raises(SettingsError, match="needs a label"):
        book.add(label)
    assert book.listed() == []


def test_a_label_is_tidied(book: InvitationBook) -> None:
    book.add(" Bike\n Shop ")
    assert book.listed()[0].label == "Bike Shop"


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf"), 1e12])
def test_a_time_is_a_time(book: InvitationBook, days: float) -> None:
    with pytest.raises(SettingsError, match="some days"):
        book.add("Bike Shop", days)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"invitations": [{"digest": 1}]}'])
def test_a_damaged_file_is_told_and_kept(book: InvitationBook, content: bytes) -> None:
    book.path.parent.mkdir()
    book.path.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        book.add("Bike Shop")
    assert book.path.read_bytes() == content


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ("https://agency.example/lightspeed/callback", "https://agency.example/lightspeed/invite/T"),
        ("https://agency.example/callback?tenant=1#x", "https://agency.example/invite/T"),
        ("https://agency.example:8443", "https://agency.example:8443/invite/T"),
        ("https://agency.example/a/b/", "https://agency.example/a/b/invite/T"),
    ],
)
def test_a_link_lies_beside_the_redirect(redirect: str, expected: str) -> None:
    assert link(redirect, "T") == expected
