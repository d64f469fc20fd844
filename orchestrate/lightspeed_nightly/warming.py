"""A process that has Meltano imported, and forks a child for each run that it is asked for.

It runs in the environment of the Meltano project. A line of input asks for a run, and a line of output answers; whoever
asks stays meanwhile, because a run ends with whoever has asked for it.

The child becomes what a fresh `meltano` would be: its own group of processes, environment and output, and all that is
imported is as fresh as after the import, because this process itself never runs anything.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence

from lightspeed_nightly.guarding import Asked, Ended, connect, guard, stand_alone
from lightspeed_nightly.programs import Programs, begin, load

MODULES = (
    "meltano.cli",
    "meltano.core.meltano_file",
    "meltano.core.migration_service",
    "meltano.core.plugin.utility",
    "alembic.command",
    "alembic.config",
    "alembic.context",
    "alembic.op",
    "alembic.script.write_hooks",
    "anyio._backends._asyncio",
    "anyio.to_thread",
    "meltano.core.state_store.azure",
    "meltano.core.state_store.google",
    "meltano.core.state_store.s3",
    "meltano.migrations.utils.dialect_typing",
    "psycopg",
    "ruamel.yaml.mergevalue",
    "tzdata.zoneinfo",
)
"""What `meltano el` imports, its start and what comes later; what a version of Meltano has not is left out."""


def main(names: Sequence[str]) -> None:
    """Serve; in the process of a run this goes on with what is to be run, so that it ends as a program of its own.

    Args:
        names: Plugins that are to be forked as well.
    """
    requests, answers = _channels()
    programs = Programs()
    run = programs.start(names, [requests, answers])
    if run is None:
        load(MODULES)
        run = _serve(requests, answers, programs)
    if run is None:
        programs.close()
    else:
        run()


def _channels() -> tuple[int, int]:
    """Where requests come from and answers go to; what is printed by accident goes to the log."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def _serve(requests: int, answers: int, programs: Programs) -> Callable[[], None] | None:
    with os.fdopen(requests, "rb", closefd=False) as lines:
        for line in lines:
            run = _answer(Asked.of(line), requests, answers, programs)
            if run is not None:
                return run
    return None


def _answer(asked: Asked, requests: int, answers: int, programs: Programs) -> Callable[[], None] | None:
    """Fork the guard of a run, wait for what it tells, and hand it on; in the run's own process, what is to be run."""
    began = time.monotonic()
    reading, writing = os.pipe()
    # The guard reads from it that this process still lives.
    living, alive = os.pipe()
    guardian = os.fork()
    if guardian == 0:
        os.close(reading)
        os.close(alive)
        os.close(answers)
        return _guarded(asked, [requests, living], writing, programs)
    os.close(writing)
    os.close(living)
    with os.fdopen(reading, "rb") as told:
        line = told.readline()
    os.close(alive)
    _, status = os.waitpid(guardian, 0)
    killed = Ended(os.waitstatus_to_exitcode(status), round(time.monotonic() - began, 3))
    with contextlib.suppress(BrokenPipeError):
        os.write(answers, line or killed.line())
    return None


def _guarded(asked: Asked, askers: list[int], writing: int, programs: Programs) -> Callable[[], None] | None:
    """Fork the run, and guard it in this process."""
    program = os.fork()
    if program == 0:
        for descriptor in (*askers, writing):
            os.close(descriptor)
        return lambda: _become(asked, programs)
    try:
        os.write(writing, guard(program, asked.seconds, askers).line())
    finally:
        os._exit(0)


def _become(asked: Asked, programs: Programs) -> None:
    """Be `meltano`, as if it had just been started."""
    stand_alone()
    connect(asked.log)
    begin(["meltano", *asked.arguments], {**asked.environment, **programs.variables(asked.environment)})
    sys.exit(importlib.import_module("meltano.cli").main())


if __name__ == "__main__":
    main(sys.argv[1:])
