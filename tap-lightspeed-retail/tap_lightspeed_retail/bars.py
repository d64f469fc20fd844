"""Progress bars on a terminal, below which nothing is lost of what is logged."""

from __future__ import annotations

import logging
import sys
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from tap_lightspeed_retail.standing import Standing

_BAR_WIDTH = 24


class Bars:
    """Two bars on standard error: the run, and the stream whose turn it is. Log lines appear above them."""

    def __init__(self) -> None:
        """Prepare; nothing is drawn before `start`."""
        self._progress = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(_BAR_WIDTH),
            TextColumn("{task.fields[text]}", table_column=Column(no_wrap=True, ratio=1)),
            console=Console(stderr=True, highlight=False),
            transient=True,
            expand=True,
            redirect_stdout=False,
        )
        self._moved: list[logging.StreamHandler[TextIO]] = []
        self._original = sys.stderr
        self._run: TaskID = self._progress.add_task("all streams", total=None, text="")
        self._stream: TaskID = self._progress.add_task("", total=None, text="")

    def start(self) -> Self:
        """Begin to draw; the log goes through the terminal's owner from now on."""
        self._original = sys.stderr
        self._progress.start()
        self._moved = [
            handler
            for handler in logging.getLogger().handlers
            if isinstance(handler, logging.StreamHandler) and handler.stream is self._original
        ]
        for handler in self._moved:
            handler.setStream(sys.stderr)
        return self

    def stop(self) -> None:
        """Leave the terminal as it was."""
        for handler in self._moved:
            handler.setStream(self._original)
        self._progress.stop()

    def show(self, standing: Standing) -> None:
        """Draw how things stand."""
        run = (
            f"{standing.rows:,} rows, {standing.rows_a_second:,.0f}/s, {standing.drips:,.0f} drips, "
            f"bucket {standing.level:.0f}/{standing.size:.0f}, {standing.left}"
        )
        self._progress.update(self._run, completed=standing.streams_done, total=standing.streams, text=run)
        self._progress.update(
            self._stream,
            description=standing.stream,
            completed=standing.share or 0.0,
            total=None if standing.share is None else 1.0,
            text=f"{standing.stream_rows:,} rows" + (f", {standing.place}" if standing.place else ""),
        )
