"""How programs end: told to by a signal, or because nobody reads what they say; at a whole line, without a trace."""

from __future__ import annotations

import io
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from lightspeed_retail.errors import LightspeedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SIGNAL_BASE = 128
"""A program that a signal has ended exits with this and the signal's number, as shells have it."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_REPEATED = 0.1
"""Seconds after which a signal is repeated that has not been taken."""

_SAME = 2.0
"""Seconds in which further signals mean the same as the first: a terminal sends one, and a runner another."""

_LONGEST_END = 8.0
"""Seconds that an end may take where nobody takes the output any more; who stops containers waits for ten."""


class Stopped(SystemExit):
    """A signal has come.

    Args:
        number: Which.
    """

    def __init__(self, number: int) -> None:
        """The code says which signal it was."""
        super().__init__(SIGNAL_BASE + number)
        self.number = number


class Unread(SystemExit):
    """Whoever read standard output has gone."""

    def __init__(self) -> None:
        """The code is that of a program that the closed pipe has ended."""
        super().__init__(SIGNAL_BASE + signal.SIGPIPE)


class _Ending:
    """The end of this process.

    Attributes:
        is_mute: Whether nothing more may be written to standard output.
    """

    def __init__(self) -> None:
        self.is_mute = False
        self._began: float | None = None
        self._is_held = False
        self._held: Stopped | None = None

    def begin(self, number: int) -> None:
        """Take a signal: the first one ends the program in good order, one that comes later at once."""
        if self._began is not None:
            if time.monotonic() - self._began > _SAME:
                os._exit(SIGNAL_BASE + number)
            return
        self._began = time.monotonic()
        signal.signal(signal.SIGALRM, lambda *_: os._exit(SIGNAL_BASE + number))
        signal.setitimer(signal.ITIMER_REAL, _LONGEST_END)
        if not self._is_held:
            raise Stopped(number)
        self._held = Stopped(number)

    @property
    def has_begun(self) -> bool:
        """Whether a signal has been taken."""
        return self._began is not None

    @contextmanager
    def whole(self) -> Iterator[None]:
        """A context that a signal does not break off: it counts at its end, and nothing is written any more."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._held is not None:
            self.is_mute = True
            stopped, self._held = self._held, None
            raise stopped


_ENDING = _Ending()


def stop(number: int, frame: FrameType | None = None) -> None:  # noqa: ARG001  the form of a signal's handler
    """Handle a signal that ends the program.

    It does not log: the signal may have come in the middle of a line of the log.

    Raises:
        Stopped: Where the program is; what it writes to an `Output` is written to its end before.
    """
    _ENDING.begin(number)


class Output(io.FileIO):
    """Standard output, unbuffered: each write is done whole or not at all, and a reader who has gone is no error."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of it.

        Raises:
            Stopped: A signal came meanwhile; it is written all the same.
            Unread: Nobody reads it.
        """
        rest = memoryview(data).cast("B")
        size = len(rest)
        if not _ENDING.is_mute:
            with _ENDING.whole():
                self._write_all(rest)
        return size

    def _write_all(self, rest: memoryview) -> None:
        try:
            while rest:
                written = super().write(rest)
                if written is None:
                    select.select([], [self], [])
                rest = rest[written or 0 :]
        except BrokenPipeError:
            _ENDING.is_mute = True
            raise Unread from None


@contextmanager
def ending_well(name: str, room: int = io.DEFAULT_BUFFER_SIZE) -> Iterator[None]:
    """A context in which a program runs: what ends it is one line of the log, and the code says what it was.

    Args:
        name: The program's name in the log.
        room: Bytes that standard output holds back at the most.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until the program has handlers of its own there is nothing to put in order.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _repeat_signals()
    try:
        with _told(logging.getLogger(name)):
            _take_output(room)
            try:
                yield
            finally:
                sys.stdout.flush()
    finally:
        _see_to_the_log()


@contextmanager
def _told(log: logging.Logger) -> Iterator[None]:
    try:
        yield
    except LightspeedError as error:
        log.error("%s", error)  # noqa: TRY400  a mistake of the user's is one line
        sys.exit(1)
    except Stopped as stopped:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        log.warning("Stopped by signal %d; the next run goes on from the last state.", stopped.number)
        raise
    except Unread:
        log.warning("Nobody reads the output any more.")
        raise


def _take_output(room: int) -> None:
    """Put an `Output` in the place of standard output.

    Raises:
        LightspeedError: It is closed.
    """
    if sys.stdout is None:
        raise LightspeedError("Standard output is closed: messages are written there, so it must lead somewhere.")
    raw = Output(sys.stdout.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw, room), encoding="utf-8")


def _repeat_signals() -> None:
    """Repeat signals until they are taken.

    One that comes in the moment before the main thread begins to wait, for input or for an answer, does not wake it:
    Python handles it when the wait is over.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    main = threading.get_ident()
    threading.Thread(target=_repeat, args=(reading, main), name="lightspeed-signals", daemon=True).start()


def _repeat(reading: int, main: int) -> None:
    while came := os.read(reading, 1):
        time.sleep(_REPEATED)
        if came[0] in _SIGNALS and not _ENDING.has_begun:
            signal.pthread_kill(main, came[0])


def _see_to_the_log() -> None:
    """Where nobody reads the log any more, what is left of it is no error."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stderr.fileno())
        os.close(nowhere)
