"""The tap shows no secret: not when all goes well, not in any kind of failure, at no level of logging, in no file."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests.scripted import Answer, Asked, scripted
from tests.secrecy import IMPATIENT, PLANTED, TAP, Scene, secretive
from tests.secret_cases import API, AUTH, CRASHES, CREDENTIALS, LOUD, NETWORK, SETTINGS, STORES, Case, log_all
from tests.tapping import selecting

CASES = SETTINGS | CREDENTIALS | API | AUTH | NETWORK | STORES | CRASHES | LOUD


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with secretive() as running:
        yield running


@pytest.fixture
def scene(sandbox: Sandbox, tmp_path: Path) -> Scene:
    return Scene(tmp_path, sandbox)


def options(scene: Scene, case: Case) -> list[str]:
    files = {"--config": scene.settings, "--catalog": selecting("accounts"), **case.files}
    return [word for name, content in files.items() for word in (name, scene.given(name[2:] + ".json", content))]


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_run_keeps_its_secrets(scene: Scene, case: Case) -> None:
    with case.staged(scene):
        said = scene.run(IMPATIENT + case.insert + TAP, *options(scene, case), most_bytes=case.most_bytes)
    assert (said.code != 0) == case.fails, said.errors[-2000:]
    assert scene.leaks() == []
    assert case.insert or "Traceback" not in said.errors, said.errors[-2000:]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_keeps_its_secrets(scene: Scene, number: signal.Signals) -> None:
    def stop(_asked: Asked) -> Answer:
        assert scene.process is not None
        scene.process.send_signal(number)
        time.sleep(1)
        return Answer(500)

    log_all(scene)
    with scripted(stop) as host:
        scene.settings["api_url"] = host.url
        scene.start(TAP, *options(scene, Case()))
        said = scene.end()
    assert said.code != 0
    assert scene.leaks() == []


@pytest.mark.parametrize(
    "words",
    ["--discover", "--about", "--about --format=json", "--about --format=markdown", "--test=all", "--test=schema"],
)
def test_what_else_the_tap_does_keeps_its_secrets(scene: Scene, words: str) -> None:
    scene.settings["access_token"] = f"{PLANTED}-access" if words != "--test=all" else None
    scene.variables["LOGLEVEL"] = "DEBUG"
    said = scene.run(TAP, "--config=ENV", *words.split(), prefix="TAP_LIGHTSPEED_RETAIL_")
    assert said.code == 0, said.errors[-2000:]
    assert scene.leaks() == []


def test_the_log_at_debug_tells_of_the_requests_that_carry_secrets(scene: Scene) -> None:
    log_all(scene)
    said = scene.run(TAP, *options(scene, Case()))
    log = (scene.folder / "work" / "debug.log").read_text(encoding="utf-8")
    for text in (said.errors, log):
        assert "POST /auth/oauth/token" in text
        assert "/Account.json" in text


# The stored access token, in forms in which somebody might let it out.
_LEAKING = """
import json, pathlib, sys, urllib.parse
(entry,) = json.loads(pathlib.Path(sys.argv[1]).read_text())["connections"].values()
secret, how = entry[sys.argv[2]], sys.argv[3]
if how == "part":
    secret = secret[-60:]
if how == "file":
    pathlib.Path("left.txt").write_text("x" * 9000 + secret)
elif how == "name":
    pathlib.Path(secret[-60:]).touch()
else:
    print("a" * 9000, urllib.parse.quote(secret), file=sys.stderr if how == "stderr" else sys.stdout)
"""


@pytest.mark.parametrize("how", ["stdout", "stderr", "part", "file", "name"])
@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_a_token_that_gets_out_is_found(scene: Scene, token: str, how: str) -> None:
    assert scene.run(TAP, *options(scene, Case())).code == 0
    assert scene.leaks() == []
    assert json.loads(scene.store.read_text(encoding="utf-8"))["connections"]
    assert scene.run(_LEAKING, str(scene.store), token, how).code == 0
    assert len(scene.leaks()) == 1
