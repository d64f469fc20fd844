"""docs/streams.md and docs/streams.svg name every stream once, and follow the declarations."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from lightspeed_retail.query import Query
from lightspeed_retail.resources import Resource
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "streams.md"
PICTURE = ROOT / "docs" / "streams.svg"
STREAMS = sorted(resource.api.stream for resource in Resource.all())


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    """The cells of the row about each stream."""
    lines = [line for line in page().splitlines() if re.match(r"\| `\w+`<br><sub>", line)]
    return {line.split("`")[1]: [cell.strip() for cell in line.strip("|").split("|")] for line in lines}


def elements(tag: str) -> list[ET.Element]:
    """Elements of the picture."""
    # The file is this repository's own.
    root = ET.parse(PICTURE).getroot()  # noqa: S314
    return root.findall(f".//{{http://www.w3.org/2000/svg}}{tag}")


def check(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "streams_page.py"), "--check"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tool and its pages in another folder."""
    for folder in ("tools", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_every_stream_has_one_row_in_the_page() -> None:
    heads = re.findall(r"^\| `(\w+)`<br><sub>", page(), flags=re.MULTILINE)
    assert sorted(heads) == STREAMS


def test_every_stream_has_one_row_of_scopes() -> None:
    named = re.findall(r"^\| ([a-z_]+) \| (?:any|`)", page(), flags=re.MULTILINE)
    assert sorted(named) == STREAMS


def test_every_stream_has_one_box_in_the_picture() -> None:
    named = Counter(element.get("id") for element in elements("g") if element.get("id"))
    assert named == Counter(STREAMS)


def test_every_box_says_what_it_is() -> None:
    titles = {element.text for element in elements("title")}
    assert {f"{resource.api.stream}: {resource.summary()}" for resource in Resource.all()} <= titles


def test_no_two_boxes_of_the_picture_overlap() -> None:
    places = [
        tuple(float(child.get(name, "0")) for name in ("x", "y", "width", "height"))
        for group in elements("g")
        if group.get("id")
        for child in group[1:2]
    ]
    apart = [
        (one, other)
        for number, one in enumerate(places)
        for other in places[:number]
        if one[0] < other[0] + other[2] and other[0] < one[0] + one[2] and abs(one[1] - other[1]) < one[3]
    ]
    assert len(places) == len(STREAMS)
    assert apart == []


def test_prices_are_those_of_the_requests() -> None:
    found = rows()
    assert found["sale_lines"][3].startswith("+0.4")
    assert found["tags"][3] == f"{Query(Resource.named('Tag')).price:.1f}"
    lines = Query(Resource.named("Sale"), relations=("SaleNotes",)).price
    assert found["sales"][3] == f"{lines:.1f}"


def test_streams_that_are_off_say_so_and_why() -> None:
    off = {resource.api.stream for resource in Resource.all() if not resource.api.selected}
    assert {stream for stream, cells in rows().items() if "**Off by default**: " in cells[1]} == off


def test_a_resource_is_either_a_stream_or_explained() -> None:
    explained = page().partition("## Resources that are no streams")[2]
    named = re.findall(r"`([A-Z]\w+)`", explained)
    assert len(named) == len(set(named)) > 20
    assert {resource.__name__ for resource in Resource.all()}.isdisjoint(named)


def test_a_stale_or_missing_file_is_noticed_and_written_anew(copy: Path) -> None:
    (copy / "docs" / "streams.md").write_text("stale", encoding="utf-8")
    (copy / "docs" / "streams.svg").unlink()
    done = check(copy)
    assert (done.returncode, done.stderr) == (
        1,
        "Not up to date: streams.md, streams.svg. Run python tools/streams_page.py.\n",
    )
    subprocess.run([sys.executable, str(copy / "tools" / "streams_page.py")], check=True)
    assert check(copy).returncode == 0
    assert (copy / "docs" / "streams.md").read_bytes() == PAGE.read_bytes()
    assert (copy / "docs" / "streams.svg").read_bytes() == PICTURE.read_bytes()


def test_names_in_both_files_come_from_a_new_declaration(tmp_path: Path) -> None:
    """A resource that is declared elsewhere gets its row and its box; nothing else has to be told."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "docs").mkdir()
    (tmp_path / "gadgets.py").write_text(_GADGET, encoding="utf-8")
    code = "import sys, runpy, gadgets; sys.argv = ['pages']; sys.path.insert(0, 'tools'); "
    run = code + "runpy.run_module('pages', run_name='__main__')"
    subprocess.run([sys.executable, "-c", run], cwd=tmp_path, check=False, env={"PYTHONPATH": str(tmp_path)})
    written = (tmp_path / "docs" / "streams.md").read_text(encoding="utf-8")
    assert "## Gadgets\n\nThings that no version knows." in written
    assert "| `gadgets`<br><sub>`gadgetID`</sub> | [A thing](there). | whole | 1.0 |" in written
    assert '<g id="gadgets">' in (tmp_path / "docs" / "streams.svg").read_text(encoding="utf-8")


_GADGET = '''
"""Things that no version knows."""
from lightspeed_retail.resources import Endpoint, Resource

class Gadget(Resource):
    """A thing."""
    api = Endpoint(stream="gadgets", path="/Gadget.json", key="gadgetID", docs="there")
    gadgetID: int
    itemID: int
'''
