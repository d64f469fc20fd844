"""Settings of the target: what they do, and that those without effect are not shown."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lightspeed_retail.errors import SettingsError
from lightspeed_sandbox.serve import Sandbox
from target_lightspeed_retail.ledger import Ledger
from target_lightspeed_retail.options import Mode, Options
from target_lightspeed_retail.settings import WRITING
from target_lightspeed_retail.target import TargetLightspeedRetail
from tests import targeting
from tests.retailer import small_sandbox
from tests.targeting import Done, messages

EMAIL = "ada@example.com"


def about() -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()) as answer, contextlib.suppress(SystemExit):
        TargetLightspeedRetail.cli(["--about", "--format", "json"])
    found: dict[str, Any] = json.loads(answer.getvalue())
    return found


def ada(**more: Any) -> dict[str, Any]:
    contact = {"noEmail": False, "Emails": [{"address": EMAIL, "useType": "Primary"}]}
    return {"ref": "1", "firstName": "Ada", "lastName": "Stone", "Contact": contact, **more}


def write(sandbox: Sandbox, folder: Path, *rows: dict[str, Any], **settings: Any) -> Done:
    return targeting.run(sandbox, messages("customers", rows, "ref"), folder, **settings)


def anonymize(sandbox: Sandbox, folder: Path, *rows: dict[str, Any], **settings: Any) -> Done:
    return write(sandbox, folder, *rows, mode={"customers": "anonymize"}, **settings)


def test_settings_without_effect_are_not_shown() -> None:
    known = set(about()["settings"]["properties"])
    assert known.isdisjoint({"validate_records", "load_method", "add_record_metadata", "flattening_enabled"})
    assert {"stream_maps", "batch_size_rows", *WRITING} <= known


def test_every_setting_has_a_title_and_a_description_and_values_are_named() -> None:
    for name, schema in WRITING.items():
        assert schema["title"], name
        assert schema["description"].endswith("."), name
        for value in filter(None, schema.get("enum", [])):
            assert re.search(rf"\b{value}\b", schema["description"]), (name, value)
    assert all(re.search(rf"\b{mode}\b", WRITING["mode"]["description"]) for mode in Mode)


def test_a_customer_is_anonymized_once_and_stays_so(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        (number,) = write(sandbox, tmp_path, ada()).ids
        done = anonymize(sandbox, tmp_path, ada())
        assert (done.code, done.operations, done.ids) == (0, ["archived"], [number]), done.errors
        assert done.writes == ["DELETE /Customer/Anonymize.json"]
        (row,) = targeting.rows(sandbox, "Customer", customerID=number)
        assert (row["archived"], row["firstName"], row["Contact"]["Emails"]) == (True, "Customer", [])
        again = anonymize(sandbox, tmp_path, ada())
        assert (again.operations, again.writes) == (["unchanged"], [])
        back = write(sandbox, tmp_path, ada(title="Dr"))
        assert (back.operations, back.writes) == (["rejected"], [])
        assert "anonymized" in back.reasons[0]


def test_a_customer_is_found_to_be_anonymized_without_a_ledger(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        write(sandbox, tmp_path, ada())
        done = anonymize(sandbox, tmp_path, ada(), ada(ref="2"), ledger=str(tmp_path / "other.sqlite"))
        assert done.operations == ["archived", "unchanged"]
        assert "no such row" in done.reasons[1]


@pytest.mark.parametrize("fault", ["drop-after:2:DELETE", "drop-before:2:DELETE"])
def test_anonymizing_is_repeated_until_it_is_known_to_be_done(tmp_path: Path, fault: str) -> None:
    with small_sandbox(fault=[fault]) as sandbox:
        rows = [ada(), ada(ref="2", Contact={"Emails": [{"address": "bo@example.com", "useType": "Primary"}]})]
        numbers = write(sandbox, tmp_path, *rows).ids
        done = anonymize(sandbox, tmp_path, *rows)
        assert (done.code, done.operations) == (0, ["archived", "archived"]), done.errors
        found = [row["firstName"] for n in numbers for row in targeting.rows(sandbox, "Customer", customerID=n)]
        assert found == ["Customer", "Customer"]


def test_anonymizing_is_guarded_and_can_be_planned(tmp_path: Path) -> None:
    with small_sandbox() as sandbox:
        write(sandbox, tmp_path, ada())
        planned = anonymize(sandbox, tmp_path, ada(), dry_run=True)
        assert (planned.operations, planned.writes) == (["archived"], [])
        stopped = anonymize(sandbox, tmp_path, ada(), max_archives=0)
        assert (stopped.code, stopped.writes) == (1, [])


def test_only_what_the_api_can_anonymize_may_be() -> None:
    with pytest.raises(SettingsError, match="items cannot be anonymized, only customers can"):
        Options.of({"mode": {"items": "anonymize"}})


@pytest.mark.parametrize(("days", "kept"), [(None, True), (30, False)])
def test_details_are_forgotten_after_some_days(tmp_path: Path, days: int | None, *, kept: bool) -> None:
    with small_sandbox() as sandbox:
        place = tmp_path / "ledger.sqlite"
        ledger = Ledger(str(place), int(sandbox.account), run_id="old")
        with ledger.lock():
            ledger.intend("customers", "x", {"body": {"firstName": "Ada"}}, datetime.now(UTC) - timedelta(days=60))
        ledger.close()
        settings = {} if days is None else {"retention_days": days}
        done = write(sandbox, tmp_path, ada(), ledger=str(place), **settings)
        assert done.code == 0, done.errors
        ledger = Ledger(str(place), int(sandbox.account), run_id="new")
        entry = ledger.entries("customers", ["x"])["x"]
        ledger.close()
        assert entry.intended_at is not None
        assert (entry.intent is not None) == kept


def test_stream_maps_rename_and_nest_the_rows_of_a_table(tmp_path: Path) -> None:
    """As in docs/target.md."""
    maps = {
        "marts-crm_customers": {
            "__alias__": "customers",
            "__key_properties__": ["crm_id"],
            "crm_id": "crm_id",
            "firstName": "first_name",
            "lastName": "last_name",
            "Contact": "{'custom': crm_id, 'noEmail': not email_consent,"
            " 'Emails': [{'address': email, 'useType': 'Primary'}] if email else []}",
            "__else__": None,
        }
    }
    row = {"crm_id": "C-1", "first_name": "Ada", "last_name": "Byron-Stone", "email": EMAIL, "email_consent": True}
    said = messages("marts-crm_customers", [{**row, "updated_at": "2024-06-01"}], "crm_id")
    said[0]["schema"] = {"properties": {name: {"type": ["string", "boolean", "null"]} for name in row}}
    with small_sandbox() as sandbox:
        done = targeting.run(sandbox, said, tmp_path, stream_maps=maps)
        assert (done.code, done.operations, done.outcomes[0]["key"]) == (0, ["created"], '{"crm_id": "C-1"}'), (
            done.errors
        )
        (written,) = targeting.rows(sandbox, "Customer", lastName="Byron-Stone")
        contact = written["Contact"]
        assert (contact["custom"], contact["noEmail"], contact["noPhone"]) == ("C-1", False, True)
        assert [email["address"] for email in contact["Emails"]] == [EMAIL]
        again = targeting.run(sandbox, said, tmp_path, stream_maps=maps)
        assert (again.operations, again.writes) == (["unchanged"], [])
