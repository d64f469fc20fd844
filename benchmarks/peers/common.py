"""What the peers share: the job that the runner has written, time that runs faster, and values off the wire.

Runs in the environment of each peer, with nothing but that peer installed.
"""

import json
import sys
import time
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TOO_MANY = 429


def read_job():
    """The job, whose file is the only argument; time is set to the speed that it names."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if job["scale"] != 1:
        speed_up(job["scale"])
    return job


def speed_up(scale):
    """Let waits take as much less time as the account's time runs faster: a peer then does what it does in real time.

    `Retry-After` is whole seconds of the client: it is put back to what the account would say if time were not scaled.
    """
    import requests.adapters  # noqa: PLC0415  the reader of bytes has none

    sleep, send = time.sleep, requests.adapters.HTTPAdapter.send
    time.sleep = lambda seconds: sleep(seconds / scale)

    def send_scaled(self, request, **options):
        response = send(self, request, **options)
        if response.status_code == TOO_MANY and response.headers.get("X-LS-API-RateLimit-Type") == "api-leaky-bucket":
            level, _, size = response.headers["X-LS-API-Bucket-Level"].partition("/")
            rate = float(response.headers["X-LS-API-Drip-Rate"]) / scale
            wait = (float(level) - float(size)) / rate
            response.headers["Retry-After"] = str(max(1, -int(-wait // 1)))
        return response

    requests.adapters.HTTPAdapter.send = send_scaled


def params_of(stream):
    """The query of a stream's list, without a range."""
    params = {name: str(value) for name, value in stream["params"].items()}
    if stream["relations"] == "all":
        params["load_relations"] = "all"
    elif stream["relations"]:
        params["load_relations"] = json.dumps(stream["relations"], separators=(",", ":"))
    return params


def ranges_of(job, stream):
    """As many ranges of the key as there are workers; one request tells the highest key."""
    query = urlencode({"sort": "-" + stream["key"], "limit": 1, "archived": "true"})
    request = Request(f"{job['url']}{stream['path']}?{query}", headers={"Authorization": f"Bearer {job['token']}"})
    with urlopen(request) as answer:
        rows = json.load(answer)[stream["rows"]]
    highest = int((rows[0] if isinstance(rows, list) else rows)[stream["key"]])
    step = -(-highest // job["workers"])
    return [(first, first + step - 1) for first in range(1, highest + 1, step)]


def typed(value, schema):
    """A value in the type that its schema names: the straightforward way, one look at the schema for each value."""
    kinds = schema["type"]
    if "array" in kinds:
        rows = value if isinstance(value, list) else [value] if value else []
        return [typed(row, schema["items"]) for row in rows]
    if value is None or value == "":
        return None
    if "object" in kinds:
        properties = schema["properties"]
        return {name: typed(inner, properties[name]) for name, inner in value.items() if name in properties}
    return _scalar(value, kinds)


def _scalar(value, kinds):
    if "integer" in kinds:
        return int(value)
    if "number" in kinds:
        return Decimal(value)
    return value == "true" if "boolean" in kinds else value


def compiled(schema, number=Decimal):
    """The same as a function made once for a schema."""
    kinds = schema["type"]
    if "array" in kinds:
        return _list(compiled(schema["items"], number))
    if "object" in kinds:
        return _record({name: compiled(inner, number) for name, inner in schema["properties"].items()})
    if "integer" in kinds:
        return lambda value: int(value) if value else None
    if "number" in kinds:
        return lambda value: number(value) if value else None
    if "boolean" in kinds:
        return {"true": True, "false": False}.get
    return lambda value: value or None


def _list(convert):
    def many(value):
        if isinstance(value, list):
            return [convert(row) for row in value]
        return [convert(value)] if value else []

    return many


def _record(properties):
    known = properties.get

    def one(value):
        if not value:
            return None
        return {name: convert(inner) for name, inner in value.items() if (convert := known(name)) is not None}

    return one
