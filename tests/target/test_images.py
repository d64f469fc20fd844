"""Pictures of items: fetched within bounds, sent once, described anew where what stands beside them changes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lightspeed_sandbox.serve import Sandbox
from tests import targeting
from tests.retailer import small_sandbox, small_store
from tests.targeting import Done, asked_for, messages

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
UPLOAD = "POST /Image.json"


@dataclass
class Web:
    """A server of files that counts what it was asked for."""

    files: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def put(self, path: str, content: bytes, kind: str = "image/png", status: int = 200) -> str:
        """Serve a file; its address."""
        self.files[path] = (status, kind, content)
        return self.url + path


@pytest.fixture
def web() -> Iterator[Web]:
    served = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            served.asked.append(path)
            status, kind, content = served.files.get(path, (404, "text/plain", b""))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", content.decode())
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with small_sandbox() as running:
        yield running


def item(sku: str, *images: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"description": f"Tee {sku}", "customSku": sku, "Images": list(images), **more}


def write(sandbox: Sandbox, folder: Path, *rows: dict[str, Any], stream: str = "items", **settings: Any) -> Done:
    return targeting.run(
        sandbox, messages(stream, rows, "customSku" if stream == "items" else "ref"), folder, **settings
    )


def images(sandbox: Sandbox, **values: Any) -> list[dict[str, Any]]:
    return sorted(targeting.rows(sandbox, "Image", **values), key=lambda row: (row["ordering"], row["imageID"]))


def test_images_of_a_new_item_come_from_the_web_and_from_the_folder(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "back.jpg").write_bytes(JPEG)
    url = web.put("/front", PNG)
    done = write(sandbox, tmp_path, item("A", {"url": url, "description": "Front"}, {"path": "pictures/back.jpg"}))
    assert (done.code, done.operations) == (0, ["created"]), done.errors
    found = images(sandbox, itemID=done.ids[0])
    assert [(row["description"] or "", row["ordering"], row["size"]) for row in found] == [
        ("Front", 0, len(PNG)),
        ("", 1, len(JPEG)),
    ]
    assert [row["originalFilename"] for row in found] == ["front.png", "back.jpg"]
    assert done.outcomes[0]["changed"].count("Images") == 1


def test_an_unchanged_record_fetches_nothing_and_costs_no_write(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    row = item("A", {"url": web.put("/a.png", PNG)})
    write(sandbox, tmp_path, row)
    web.asked.clear()
    again = write(sandbox, tmp_path, row)
    assert (again.operations, again.writes, web.asked) == (["unchanged"], [], [])


def test_bytes_that_were_sent_are_not_sent_again_from_another_address(
    sandbox: Sandbox, tmp_path: Path, web: Web
) -> None:
    first = write(sandbox, tmp_path, item("A", {"url": web.put("/a.png", PNG)}))
    moved = write(sandbox, tmp_path, item("A", {"url": web.put("/moved.png", PNG)}))
    assert (moved.operations, moved.writes) == (["unchanged"], [])
    assert len(images(sandbox, itemID=first.ids[0])) == 1


def test_an_image_more_is_sent_alone(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    one = {"url": web.put("/a.png", PNG)}
    first = write(sandbox, tmp_path, item("A", one))
    second = write(sandbox, tmp_path, item("A", one, {"url": web.put("/b.jpg", JPEG, "image/jpeg")}))
    assert (second.operations, second.writes) == (["updated"], [UPLOAD])
    assert second.outcomes[0]["changed"] == ["Images"]
    assert [row["size"] for row in images(sandbox, itemID=first.ids[0])] == [len(PNG), len(JPEG)]


def test_what_stands_beside_an_image_is_changed_without_the_file(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    url = web.put("/a.png", PNG)
    first = write(sandbox, tmp_path, item("A", {"url": url, "description": "Old"}))
    second = write(sandbox, tmp_path, item("A", {"url": url, "description": "New", "ordering": 3}))
    assert (second.operations, second.writes) == (["updated"], ["PUT /Image/{}.json"])
    (row,) = images(sandbox, itemID=first.ids[0])
    assert (row["description"], row["ordering"]) == ("New", 3)


def test_a_file_whose_bytes_have_changed_is_sent_although_the_record_has_not(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    row = item("A", {"path": "a.png"})
    first = write(sandbox, tmp_path, row)
    (tmp_path / "a.png").write_bytes(PNG + b"more")
    second = write(sandbox, tmp_path, row)
    assert (second.operations, second.writes) == (["updated"], [UPLOAD])
    assert len(images(sandbox, itemID=first.ids[0])) == 2
    (tmp_path / "a.png").unlink()
    assert write(sandbox, tmp_path, row).operations == ["unchanged"]


def test_another_field_of_an_item_fetches_no_image(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    row = item("A", {"url": web.put("/a.png", PNG)})
    write(sandbox, tmp_path, row)
    web.asked.clear()
    second = write(sandbox, tmp_path, {**row, "defaultCost": "4.5"})
    assert (second.operations, second.writes, web.asked) == (["updated"], ["PUT /Item/{}.json"], [])


BAD = {
    "page": ({"url": "/page"}, "is no image but text/html"),
    "liar": ({"url": "/liar.png"}, "holds no picture"),
    "none": ({"url": "/none.png"}, "status 404"),
    "away": ({"url": "/away"}, "cannot be fetched (InvalidSchema)"),
    "large": ({"url": "/large.png"}, "larger than 20 MB"),
    "outside": ({"path": "../outside.png"}, "is not below the folder"),
    "elsewhere": ({"path": "/etc/hostname"}, "is not below the folder"),
    "link": ({"path": "link.png"}, "is not below the folder"),
    "missing": ({"path": "none.png"}, "There is no file"),
    "scheme": ({"url": "file:///etc/hostname"}, "is no address that begins with"),
    "nowhere": ({"description": "Front"}, "needs url or path"),
}


def test_files_that_must_not_be_sent_reject_their_records_and_the_next_run_tries_again(
    sandbox: Sandbox, tmp_path: Path, web: Web
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    web.put("/page", b"<html>", "text/html")
    web.put("/liar.png", b"GET away")
    web.put("/away", b"file:///etc/hostname", status=302)
    web.put("/large.png", PNG + bytes(20_000_001))
    right = {"url": web.put("/good.png", PNG), "ordering": 1}
    rows = []
    for sku, (image, _) in BAD.items():
        here = {
            name: (web.url + value if value.startswith("/") and name == "url" else value)
            for name, value in image.items()
        }
        rows.append(item(sku, here, right))
    done = write(sandbox, folder, *rows)
    assert set(done.operations) == {"rejected"}
    for outcome in done.outcomes:
        assert BAD[outcome["key"].split('"')[3]][1] in outcome["reason"]
        assert "image 1: " in outcome["reason"]
    written = targeting.rows(sandbox, "Item", customSku="page")[0]["itemID"]
    assert len(images(sandbox, itemID=written)) == 1
    again = write(sandbox, folder, item("page", right), *rows[1:])
    assert again.operations == ["unchanged", *["rejected"] * (len(BAD) - 1)]
    assert again.writes == []


def test_the_query_of_an_address_is_not_shown(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    done = write(sandbox, tmp_path, item("A", {"url": web.url + "/none.png?signature=abc"}))
    assert "/none.png cannot" in done.reasons[0]
    assert "signature" not in done.errors + str(done.outcomes)


@pytest.mark.parametrize("fault", ["drop-after:2:POST", "503:2:POST"])
def test_an_unknown_outcome_leaves_one_image(tmp_path: Path, web: Web, fault: str) -> None:
    with small_sandbox(fault=[fault]) as sandbox:
        urls = [{"url": web.put(f"/{n}.png", PNG + bytes(n))} for n in range(2)]
        done = write(sandbox, tmp_path, item("A", *urls))
        assert (done.code, done.operations) == (0, ["created"]), done.errors
        assert [row["size"] for row in images(sandbox, itemID=done.ids[0])] == [len(PNG) + n for n in range(2)]


def test_a_killed_run_goes_on_with_the_images_that_are_missing(tmp_path: Path, web: Web) -> None:
    with small_sandbox(fault=["slow-0.3:1:POST"]) as sandbox:
        row = item("A", *[{"url": web.put(f"/{n}.png", PNG + bytes(n))} for n in range(4)])
        said = messages("items", [row], "customSku")
        killed = targeting.run_until(sandbox, said, tmp_path, asked_for("POST", "/Image.json", 2))
        assert killed.code < 0
        done = targeting.run(sandbox, said, tmp_path)
        assert (done.code, done.operations) == (0, ["updated"]), done.errors
        (written,) = targeting.rows(sandbox, "Item", customSku="A")
        assert [each["size"] for each in images(sandbox, itemID=written["itemID"])] == [len(PNG) + n for n in range(4)]


def test_a_lost_ledger_doubles_no_image(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    row = item("A", {"url": web.put("/a.png", PNG)}, {"url": web.put("/b.jpg", JPEG, "image/jpeg")})
    first = write(sandbox, tmp_path, row)
    again = write(sandbox, tmp_path, row, ledger=str(tmp_path / "other.sqlite"))
    assert again.writes == []
    assert len(images(sandbox, itemID=first.ids[0])) == 2


def test_a_dry_run_says_what_would_be_sent(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    url = web.put("/a.png", PNG)
    write(sandbox, tmp_path, {"description": "Tee A", "customSku": "A"})
    done = write(sandbox, tmp_path, item("A", {"url": url}), item("B", {"url": url}), dry_run=True)
    assert (done.operations, done.writes) == (["updated", "created"], [])
    assert all("Images" in outcome["changed"] for outcome in done.outcomes)
    assert write(sandbox, tmp_path, item("A", {"url": url})).writes == [UPLOAD]


def test_images_count_as_a_change_of_their_item(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    url = web.put("/a.png", PNG)
    write(sandbox, tmp_path, {"description": "Tee A", "customSku": "A"})
    stopped = write(sandbox, tmp_path, item("A", {"url": url}), max_changes=0)
    assert (stopped.code, stopped.writes) == (1, [])
    assert write(sandbox, tmp_path, item("B", {"url": url}), max_changes=1).code == 0


def test_images_can_stand_as_json_in_a_text(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    url = web.put("/a.png", PNG)
    done = write(sandbox, tmp_path, {**item("A"), "Images": f'[{{"url": "{url}"}}]'})
    assert len(images(sandbox, itemID=done.ids[0])) == 1
    assert "no JSON" in write(sandbox, tmp_path, {**item("B"), "Images": "[{"}).reasons[0]


def test_a_stream_of_images_names_its_items(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    said = [
        *messages(
            "images",
            [{"ref": "1", "Item": {"customSku": "A"}, "url": web.put("/a.png", PNG), "description": "F"}],
            "ref",
        ),
        *messages("items", [{"description": "Tee", "customSku": "A"}], "customSku"),
    ]
    done = targeting.run(sandbox, said, tmp_path)
    assert (done.code, sorted(done.operations)) == (0, ["created", "created"]), done.errors
    (written,) = targeting.rows(sandbox, "Item", customSku="A")
    (row,) = images(sandbox, itemID=written["itemID"])
    assert (row["description"], row["size"]) == ("F", len(PNG))
    again = targeting.run(sandbox, said, tmp_path)
    assert (again.operations, again.writes) == (["unchanged", "unchanged"], [])


def test_another_file_takes_the_place_of_the_old_image(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    number = targeting.rows(sandbox, "Item")[0]["itemID"]
    before = len(images(sandbox))
    row = {"ref": "1", "itemID": number, "description": "F", "url": web.put("/a.png", PNG)}
    first = write(sandbox, tmp_path, row, stream="images")
    changed = {**row, "url": web.put("/b.jpg", JPEG, "image/jpeg"), "description": "G"}
    assert write(sandbox, tmp_path, changed, stream="images", max_archives=0).code == 1
    second = write(sandbox, tmp_path, changed, stream="images")
    assert (second.operations, second.writes) == (["updated"], [UPLOAD, "DELETE /Image/{}.json"]), second.errors
    (kept,) = images(sandbox, imageID=second.ids[0])
    assert (kept["size"], kept["description"]) == (len(JPEG), "G")
    assert images(sandbox, imageID=first.ids[0]) == []
    assert len(images(sandbox)) == before + 1


def test_an_image_of_the_stream_is_described_anew_and_deleted(sandbox: Sandbox, tmp_path: Path, web: Web) -> None:
    number = targeting.rows(sandbox, "Item")[0]["itemID"]
    row = {"ref": "1", "itemID": number, "description": "F", "url": web.put("/a.png", PNG)}
    first = write(sandbox, tmp_path, row, stream="images")
    described = write(sandbox, tmp_path, {**row, "description": "G"}, stream="images")
    assert (described.operations, described.writes) == (["updated"], ["PUT /Image/{}.json"])
    gone = write(sandbox, tmp_path, {**row, "_sdc_deleted_at": "2024-06-15T00:00:00Z"}, stream="images")
    assert (gone.operations, images(sandbox, imageID=first.ids[0])) == (["archived"], [])


def test_what_the_tap_read_is_written_to_another_account(tmp_path: Path, web: Web) -> None:
    web.put("/upload/shop/abc.png", PNG)
    read = {
        "accountID": 999,
        "imageID": 77,
        "description": "Front",
        "filename": "Front.PNG",
        "originalFilename": "x.png",
        "ordering": 0,
        "publicID": "shop/abc",
        "baseImageURL": f"{web.url}/upload/",
        "size": len(PNG),
        "itemID": 5,
        "itemMatrixID": 0,
    }
    nested = {name: value for name, value in read.items() if name != "accountID"}
    source = {"accountID": 999, "itemID": 5, "description": "Tee", "customSku": "A", "Images": [nested]}
    with small_sandbox() as sandbox:
        said = [*messages("items", [source], "itemID"), *messages("images", [read], "imageID")]
        done = targeting.run(sandbox, said, tmp_path)
        assert (done.code, done.operations) == (0, ["created", "unchanged"]), done.errors
        (row,) = images(sandbox, itemID=done.ids[0])
        assert (row["description"], row["filename"], row["size"]) == ("Front", "Front.PNG", len(PNG))
        again = targeting.run(sandbox, said, tmp_path)
        assert (again.operations, again.writes) == (["unchanged", "unchanged"], [])


def test_what_the_tap_read_is_left_alone_in_its_own_account(tmp_path: Path) -> None:
    with small_sandbox(small_store()) as sandbox:
        row = images(sandbox)[0]
        account = int(sandbox.account)
        told = {"accountID": account, **{name: row[name] for name in ("imageID", "itemID", "publicID", "baseImageURL")}}
        same = write(sandbox, tmp_path, {**told, "description": row["description"]}, stream="images")
        assert (same.operations, same.writes) == (["unchanged"], [])
        nested = {
            "accountID": account,
            "itemID": row["itemID"],
            "Images": [{**told, "description": "Side", "ordering": 9}],
        }
        other = write(sandbox, tmp_path, nested)
        assert (other.operations, other.writes) == (["updated"], ["PUT /Image/{}.json"])
        assert images(sandbox, imageID=row["imageID"])[0]["description"] == "Side"
