"""Which requests go wrong: by number, chance, method and path; counted, repeatable, changed while the sandbox runs."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from lightspeed_sandbox.faults import Fault, Faults
from lightspeed_sandbox.serve import Sandbox
from tests.sandbox.calling import Api
from tests.sandbox.test_command import SMALL, run


@pytest.fixture(autouse=True)
def all_goes_well(sandbox: Sandbox) -> None:
    """No fault is left from the test before."""
    sandbox.inject([])


@pytest.mark.parametrize(
    ("when", "numbers"),
    [
        ("3", [3, 6, 9]),
        ("1", [*range(1, 11)]),
        ("#3", [3]),
        ("#3-5", [3, 4, 5]),
        ("#8+", [8, 9, 10]),
        ("#2-2", [2]),
    ],
)
def test_requests_go_wrong_by_their_number(api: Api, sandbox: Sandbox, when: str, numbers: list[int]) -> None:
    sandbox.inject([f"503:{when}"])
    found = [api.ask("/Shop.json").status_code for _ in range(10)]
    assert [number for number, status in enumerate(found, 1) if status == 503] == numbers
    assert sandbox.injected == {"503": len(numbers)}


@pytest.mark.parametrize(
    ("rule", "concerned"),
    [
        ("503:1", {"/Sale.json", "/Sale/7.json", "/Sale/7/SaleLine.json", "/Item.json", "/ItemMatrix.json"}),
        ("503:1:/Sale", {"/Sale.json"}),
        ("503:1:/Sale.json", {"/Sale.json"}),
        ("503:1:/Sale/*", {"/Sale/7.json", "/Sale/7/SaleLine.json"}),
        ("503:1:/Sale/*/SaleLine", {"/Sale/7/SaleLine.json"}),
        ("503:1:/Item*", {"/Item.json", "/ItemMatrix.json"}),
        ("503:1:/*", {"/Sale.json", "/Sale/7.json", "/Sale/7/SaleLine.json", "/Item.json", "/ItemMatrix.json"}),
        ("503:1:/sale", set()),
        ("503:1:GET:/Item", {"/Item.json"}),
        ("503:1:POST:/Item", set()),
        ("503:1:/oauth/*", set()),
        ("503:1:/oauth*", set()),
    ],
)
def test_requests_go_wrong_by_their_path(api: Api, sandbox: Sandbox, rule: str, concerned: set[str]) -> None:
    asked = ["/Sale.json", "/Sale/7.json", "/Sale/7/SaleLine.json", "/Item.json", "/ItemMatrix.json"]
    sandbox.inject([rule])
    assert {path for path in asked if api.ask(path).status_code == 503} == concerned


@pytest.mark.parametrize(
    ("rule", "path"),
    [("503:1:/Sale", "/API/Account/{}/Sale.json"), ("503:1:/Account", "/API/V3/Account.json")],
)
def test_paths_are_the_same_in_both_versions_and_outside_an_account(
    api: Api, sandbox: Sandbox, rule: str, path: str
) -> None:
    sandbox.inject([rule])
    assert api.ask(path.format(sandbox.account)).status_code == 503


def test_a_rule_counts_the_requests_that_it_is_about(api: Api, sandbox: Sandbox) -> None:
    sandbox.inject(["503:#2:GET:/Sale", "500:#2:/Item*"])
    paths = ["/Item.json", "/Sale.json", "/Shop.json", "/Item.json", "/Sale.json", "/Sale.json"]
    assert [api.ask(path).status_code for path in paths] == [200, 200, 200, 500, 503, 200]


def test_of_several_rules_the_first_counts_and_the_others_count_on(api: Api, sandbox: Sandbox) -> None:
    sandbox.inject(["503:#2", "500:2"])
    assert [api.ask("/Shop.json").status_code for _ in range(4)] == [200, 503, 200, 500]
    assert sandbox.injected == {"503": 1, "500": 1}


def test_the_same_seed_strikes_the_same_requests(api: Api, sandbox: Sandbox) -> None:
    def struck(seed: int) -> list[int]:
        sandbox.inject(["503:0.1", "500:0.1:/Shop", "garbage:0.05"], seed=seed)
        return [api.ask(path).status_code for path in ("/Shop.json", "/Register.json") * 100]

    first = struck(7)
    assert first == struck(7) != struck(8)
    assert 20 < Counter(first)[503] + Counter(first)[500] < 60


def test_faults_are_counted_read_and_set_while_the_sandbox_runs(api: Api, sandbox: Sandbox) -> None:
    rules = ["503:2", "garbage:#1:/Item"]
    assert api.control("POST", "faults", json={"faults": rules, "seed": 3}).json() == {"injected": {}}
    for path in ("/Item.json", "/Shop.json", "/Shop.json", "/Shop.json"):
        api.ask(path)
    told = api.control("GET", "faults").json()
    assert told == {"faults": rules, "seed": 3, "injected": {"503": 2, "garbage": 1}}
    logged = Counter(entry["fault"] for entry in sandbox.requests[-4:])
    assert logged == {"503": 2, "garbage": 1, "": 1}
    assert sandbox.inject([]) == told["injected"]
    assert sandbox.injected == {}
    assert api.ask("/Shop.json").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"faults": ["503"]},
        {"faults": "503:1"},
        {"faults": [503]},
        {"seed": 1},
        [],
        None,
    ],
)
def test_rules_that_are_written_wrongly_leave_the_others_in_force(api: Api, sandbox: Sandbox, body: object) -> None:
    sandbox.inject(["503:#1"])
    assert api.control("POST", "faults", json=body).status_code == 400
    assert api.ask("/Shop.json").status_code == 503


@pytest.mark.parametrize(
    "text",
    [
        *("503", "503:", "503:0", "503:-1", "503:1.0", "503:0.0", "503:#0", "503:#5-3", "503:#", "503:#3-", "503:3+"),
        *("503:1:get", "503:1:FETCH", "503:1:POST:Sale", "503:1:Sale", "503:1:/a b", "503:1:POST:/Sale:x"),
        *("200:1", "304:1", "999:1", "503-html:1", "503-bare:1", "429-bare-after:1", "503-after-json:1"),
        *("504-late:1", "504-late-x:1", "504-after-late-1:1", "504-late-1:1:/oauth/token"),
        *("drip:1", "silence:1", "drip-1-after:1", "slow-1-after:1", "late-1.:1", "drop:1", "edit-3:1", "EMPTY:1"),
        *("stale:1:/oauth/token", "edit:1:/oauth/*", "expire:1:POST:/oauth/token"),
    ],
)
def test_what_is_no_rule_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="A fault is written like 503:7, "):
        Fault.parse(text)


def test_what_is_shown_as_how_to_write_a_rule_is_one() -> None:
    with pytest.raises(ValueError, match="A fault") as refused:
        Faults(["?"])
    shown = str(refused.value).removeprefix("A fault is written like ").partition(", not")[0].split(", ")
    assert len(Faults(shown).texts) == 5


ASK = (
    "import os, urllib.request as u; print(u.urlopen(os.environ['LIGHTSPEED_SANDBOX_URL'] + '/sandbox/faults').read())"
)


def test_the_command_takes_rules_and_says_in_one_line_what_is_wrong_with_one() -> None:
    rules = ["503:#3-5:GET:/Item*", "500-json:#1:/oauth/token"]
    options = [word for rule in rules for word in ("--fault", rule)]
    done = run("run", *SMALL, *options, "--fault-seed", "9", "--", sys.executable, "-c", ASK)
    assert done.returncode == 0, done.stderr
    assert f'"faults":["{rules[0]}","{rules[1]}"],"seed":9' in done.stdout
    wrong = run("run", *SMALL, "--fault", "503:often", "--", sys.executable, "-c", ASK)
    assert wrong.returncode == 1
    assert "The sandbox cannot start: A fault is written like" in wrong.stderr
    assert "Traceback" not in wrong.stderr
