"""A host between the tap and a sandbox: it passes everything on, and changes what a test wants changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from lightspeed_sandbox.serve import Sandbox
from tests.scripted import Answer, Asked, Host, scripted

Change = Callable[[Asked, Answer], Answer]

_PASSED_ON = ("date", "content-type", "retry-after", "x-ls-")


@contextmanager
def forwarding(sandbox: Sandbox, change: Change) -> Iterator[Host]:
    """Serve a sandbox's answers, each as a function of the request and the answer makes it.

    Args:
        sandbox: Who really answers.
        change: Gives the answer that goes out.
    """
    with requests.Session() as session:

        def reply(asked: Asked) -> Answer:
            headers = {"Authorization": asked.headers.get("Authorization", "")}
            found = session.get(sandbox.url + asked.path, headers=headers, timeout=60)
            kept = {name: value for name, value in found.headers.items() if name.lower().startswith(_PASSED_ON)}
            return change(asked, Answer(found.status_code, found.json(), kept))

        with scripted(reply) as host:
            yield host
