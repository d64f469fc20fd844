"""The note of who writes to an account: each account has its own, and nobody changes another's."""

from __future__ import annotations

import pytest
import sqlalchemy as sql

from target_lightspeed_retail.ledger_lock import SETTLING, Holder, rest_of
from target_lightspeed_retail.ledger_tables import METADATA, RUNS
from tests.target.ledgers import ACCOUNT, KINDS, Place, held, place, server

__all__ = ["place", "server"]


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_account_of_a_run_that_ended_uncertain_is_given_time(place: Place, kind: str) -> None:
    where = place(kind)
    with held(where, ACCOUNT) as ledger:
        ledger.leave_open()
    for other in (ACCOUNT - 1, ACCOUNT + 1):
        with held(where, other) as ledger:
            assert ledger.rest == 0
    with held(where, ACCOUNT) as ledger:
        assert 0 < ledger.rest <= SETTLING


@pytest.mark.parametrize("certain", [True, False])
def test_who_has_lost_the_lock_leaves_the_note_of_the_next_one(*, certain: bool) -> None:
    engine = sql.create_engine("sqlite://")
    METADATA.create_all(engine)
    lost, newer, other = (Holder.of(account, "run") for account in (ACCOUNT, ACCOUNT, ACCOUNT + 1))
    with engine.begin() as connection:
        for holder in (other, lost, newer):
            holder.sign(connection)
        lost.leave(connection, certain=certain)
        notes = connection.execute(sql.select(RUNS.c.account, RUNS.c.holder).order_by(RUNS.c.account)).all()
        assert [tuple(note) for note in notes] == [(ACCOUNT, newer.token), (ACCOUNT + 1, other.token)]
        assert rest_of(connection, ACCOUNT) == SETTLING
        newer.leave(connection, certain=True)
        assert (rest_of(connection, ACCOUNT), rest_of(connection, ACCOUNT + 1)) == (0, SETTLING)
    engine.dispose()
