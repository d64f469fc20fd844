"""A pipeline of dlt's rest_api source: extract and normalise, so that lines and payments are tables of their own.

documented: the source as a configuration, the types of columns as hints, everything else as it comes.
best: the cheapest relations, ranges of the key read side by side, more tries.
"""

import json
import os
import sys
import tempfile

from common import compiled, params_of, ranges_of, read_job

JOB = read_job()
IS_BEST = JOB["form"] == "best"
FOLDER = tempfile.mkdtemp(dir=JOB["scratch"])
os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "DLT_DATA_DIR": FOLDER,
}
if IS_BEST:
    os.environ |= {
        "RUNTIME__REQUEST_MAX_ATTEMPTS": "50",
        "EXTRACT__WORKERS": str(JOB["workers"]),
        "EXTRACT__NEXT_ITEM_MODE": "round_robin",
    }

import dlt
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.extract import make_nested_hints
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from dlt.sources.rest_api import rest_api_resources

TYPES = {"integer": "bigint", "number": "decimal", "boolean": "bool"}
NAMED = NamingConvention().normalize_identifier


class NextLink(JSONLinkPaginator):
    """Follows the link in the answer; dlt's own takes the empty link of the last page for one more."""

    def update_state(self, response, data=None):
        """The next page, if there is one."""
        super().update_state(response, data)
        self._next_reference = self._next_reference or None


def kind(schema):
    """The JSON type of a property."""
    return next(name for name in schema["type"] if name != "null")


def columns(schema, prefix=""):
    """Hints for the columns of one table: nested records are flattened into it, lists are tables of their own."""
    found = {}
    for name, inner in schema["properties"].items():
        column = prefix + name
        if kind(inner) == "object":
            found |= columns(inner, column + "__")
        elif kind(inner) != "array":
            is_moment = inner.get("format") == "date-time"
            found[column] = {"data_type": "timestamp" if is_moment else TYPES.get(kind(inner), "text")}
    return found


def tables(schema, path=()):
    """Hints for the tables below a table, by their paths."""
    found = {}
    for name, inner in schema["properties"].items():
        below = (*path, name)
        if kind(inner) == "object":
            found |= tables(inner, below)
        elif kind(inner) == "array" and kind(inner["items"]) == "object":
            table = "__".join(NAMED(step) for step in below)
            found[(table,)] = make_nested_hints(columns=columns(inner["items"]))
            found |= {(table, *rest): hints for rest, hints in tables(inner["items"]).items()}
    return found


def resource(stream, name, bounds=None):
    """The configuration of one list, or of a range of it."""
    params = params_of(stream)
    if bounds is not None:
        params[stream["key"]] = f"><,{bounds[0]},{bounds[1]}"
    endpoint = {"path": stream["path"].lstrip("/"), "params": params, "data_selector": stream["rows"]}
    if JOB["start"]:
        endpoint["incremental"] = {
            "cursor_path": stream["stamp"],
            "initial_value": JOB["start"],
            "start_param": stream["stamp"],
            "convert": lambda start: f">=,{start}",
        }
    found = {
        "name": name,
        "table_name": stream["name"],
        "primary_key": stream["key"],
        "write_disposition": "append" if JOB["task"] == "sales" else "merge",
        "endpoint": endpoint,
    }
    if IS_BEST:
        # Types by converters that are compiled once: dlt's own coercion of texts is dearer.
        convert = compiled(stream["schema"])
        return found | {"processing_steps": [{"map": convert}], "columns": moments(stream["schema"])}
    return found | {"columns": columns(stream["schema"])}


def moments(schema):
    """Hints for columns that are moments; all else is typed by its values."""
    return {name: hint for name, hint in columns(schema).items() if hint["data_type"] == "timestamp"}


def source():
    """All lists; read side by side where that helps."""
    parts = []
    for stream in JOB["streams"]:
        if IS_BEST and JOB["task"] == "sales" and JOB["workers"] > 1:
            bounds = ranges_of(JOB, stream)
            parts += [resource(stream, f"{stream['name']}_{number}", each) for number, each in enumerate(bounds)]
        else:
            parts.append(resource(stream, stream["name"]))
    config = {
        "client": {
            "base_url": JOB["url"] + "/",
            "auth": {"type": "bearer", "token": JOB["token"]},
            "paginator": NextLink(next_url_path="['@attributes'].next"),
        },
        "resources": parts,
    }
    found = rest_api_resources(config)
    if not IS_BEST:
        schemas = {each["name"]: each["schema"] for each in JOB["streams"]}
        return [each.apply_hints(nested_hints=tables(schemas[each.name])) for each in found]
    # `parallelized` in the configuration does nothing for top-level resources in 1.31.
    return [each.parallelize() for each in found]


if __name__ == "__main__":
    pipeline = dlt.pipeline("bench", pipelines_dir=FOLDER, destination="dummy", dataset_name="bench")
    if JOB["task"] == "start":
        sys.exit()
    pipeline.extract(source())
    if JOB["normalise"]:
        pipeline.normalize()
        counts = pipeline.last_trace.last_normalize_info.row_counts
        sys.stdout.write(json.dumps({name: count for name, count in counts.items() if not name.startswith("_dlt")}))
