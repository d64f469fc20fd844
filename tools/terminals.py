"""Draws what commands print in a terminal, into docs/terminals: each is run, and what it really says is drawn.

python tools/terminals.py            draws all of them; the demo takes minutes
python tools/terminals.py doctor     draws some

The pictures are looked at, not compared: what a sandbox says depends on the day.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from lightspeed_sandbox import warehouse

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "terminals"
WIDTH = 100
BESIDE = ("lightspeed-sandbox", "run", "--no-warehouse", "--days", "90", "--")


@dataclass(frozen=True)
class Scene:
    """A command to draw.

    Args:
        typed: What a person types.
        run: What is run for it.
        without: Lines that are left out of the picture, where three dots stand for them.
    """

    typed: str
    run: tuple[str, ...]
    without: range = range(0)


SCENES = {
    "demo": Scene("make demo", ("lightspeed-sandbox", "demo"), without=range(15, 62)),
    "doctor": Scene(
        "lightspeed-retail doctor --streams sales,items",
        (*BESIDE, "lightspeed-retail", "doctor", "--streams", "sales,items"),
    ),
}


def printed(scene: Scene) -> str:
    """What a command says, in colours.

    Raises:
        SystemExit: It failed.
    """
    plain = {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "0", "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with project() as folder:
        done = subprocess.run(
            scene.run,
            cwd=folder,
            env={**os.environ, **plain, "PATH": programs},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(done.stdout)
    said = re.sub(r"\S+(/lightspeed-retail/|\.venv/bin/)", _shortened, done.stdout)
    return re.sub(r"(?m)^.*Lightspeed Retail sandbox at .*\n", "", said)


def _shortened(path: re.Match[str]) -> str:
    """A path of this machine, as it would be of any."""
    return path[1] if path[1].startswith(".") else f"file://...{path[1]}"


@contextmanager
def project() -> Iterator[Path]:
    """The Meltano project in a folder of its own."""
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "lightspeed-retail"
        folder.mkdir()
        shutil.copy(ROOT / "meltano.yml", folder)
        shutil.copytree(ROOT / "transform", folder / "transform", ignore=shutil.ignore_patterns("target", "logs"))
        yield folder
        warehouse.delete(folder / ".demo" / "demo-warehouse")


def drawn(name: str, scene: Scene, said: str) -> str:
    """A picture of a terminal that loads nothing from elsewhere."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold green"), (scene.typed, "bold")))
    lines = said.rstrip().splitlines()
    lines[scene.without.start : scene.without.stop] = ["..."] * bool(scene.without)
    console.print(Text.from_ansi("\n".join(lines)))
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="", code_format=form.replace("Fira Code", "ui-monospace"), unique_id=name)


def main() -> None:
    """Draw the scenes that are named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SCENES:
        picture = drawn(name, SCENES[name], printed(SCENES[name]))
        (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
