"""A declarative source of the Airbyte CDK.

documented: a manifest as the low-code pages advise: a cursor in the answer, an inline schema, default normalisation.
best: the cheapest relations, partitions of the key side by side, `Retry-After` honoured, a custom transformation.
"""

import json
import sys
from pathlib import Path
from urllib.parse import quote

from common import params_of, ranges_of, read_job

JOB = read_job()
IS_BEST = JOB["form"] == "best"

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource


def stream_of(declared):
    """The manifest of one stream."""
    cursor = "{{ response.get('@attributes', {}).get('next') }}"
    params = params_of(declared)
    # As a parameter the list of names would be taken for a list of values.
    relations = "?load_relations=" + quote(params.pop("load_relations")) if "load_relations" in params else ""
    requester = {
        "type": "HttpRequester",
        "url_base": JOB["url"],
        "path": declared["path"] + relations,
        "http_method": "GET",
        "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['token'] }}"},
        "request_parameters": params,
    }
    found = {
        "type": "DeclarativeStream",
        "name": declared["name"],
        "primary_key": declared["key"],
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester,
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": [declared["rows"]]},
                "schema_normalization": "None" if IS_BEST else "Default",
            },
            "paginator": {
                "type": "DefaultPaginator",
                "page_token_option": {"type": "RequestPath"},
                "pagination_strategy": {
                    "type": "CursorPagination",
                    "cursor_value": cursor,
                    "stop_condition": "{{ not response.get('@attributes', {}).get('next') }}",
                },
            },
        },
        "schema_loader": {"type": "InlineSchemaLoader", "schema": declared["schema"]},
    }
    if JOB["start"]:
        stamp = declared["stamp"]
        requester["request_parameters"][stamp] = ">=,{{ stream_interval['start_time'] }}"
        found["incremental_sync"] = {
            "type": "DatetimeBasedCursor",
            "cursor_field": stamp,
            "datetime_format": "%Y-%m-%dT%H:%M:%S%z",
            "start_datetime": {
                "type": "MinMaxDatetime",
                "datetime": JOB["start"],
                "datetime_format": "%Y-%m-%dT%H:%M:%S%z",
            },
        }
    if IS_BEST:
        improve(found, declared)
    return found


def improve(found, declared):
    """What a careful author would add."""
    found["transformations"] = [
        {"type": "CustomTransformation", "class_name": "airbyte_typed.Typed", "name": declared["name"]}
    ]
    found["retriever"]["requester"]["error_handler"] = {
        "type": "DefaultErrorHandler",
        "max_retries": 50,
        "backoff_strategies": [{"type": "WaitTimeFromHeader", "header": "Retry-After"}],
        "response_filters": [{"type": "HttpResponseFilter", "action": "RATE_LIMITED", "http_codes": [429]}],
    }
    if JOB["task"] == "sales" and JOB["workers"] > 1:
        found["retriever"]["partition_router"] = {
            "type": "ListPartitionRouter",
            "cursor_field": "range",
            "values": [f"><,{first},{last}" for first, last in ranges_of(JOB, declared)],
            "request_option": {
                "type": "RequestOption",
                "inject_into": "request_parameter",
                "field_name": declared["key"],
            },
        }


def manifest():
    """The whole source."""
    found = {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [JOB["streams"][0]["name"]]},
        "streams": [stream_of(declared) for declared in JOB["streams"]],
        "spec": {
            "type": "Spec",
            "connection_specification": {"type": "object", "properties": {"token": {"type": "string"}}},
        },
    }
    if IS_BEST:
        found["concurrency_level"] = {"type": "ConcurrencyLevel", "default_concurrency": max(2, JOB["workers"])}
    return found


def catalog():
    """All streams, chosen."""
    mode = "incremental" if JOB["start"] else "full_refresh"
    return {
        "streams": [
            {
                "stream": {"name": each["name"], "json_schema": each["schema"], "supported_sync_modes": [mode]},
                "sync_mode": mode,
                "cursor_field": [each["stamp"]],
                "destination_sync_mode": "append",
            }
            for each in JOB["streams"]
        ]
    }


def main():
    """Read, or print the catalog."""
    folder = Path(JOB["scratch"])
    config, chosen = folder / "airbyte-config.json", folder / "airbyte-catalog.json"
    settings = {"token": JOB["token"]}
    config.write_text(json.dumps(settings), encoding="utf-8")
    chosen.write_text(json.dumps(catalog()), encoding="utf-8")
    parsed = ConfiguredAirbyteCatalogSerializer.load(catalog())
    source = ConcurrentDeclarativeSource(catalog=parsed, config=settings, state=[], source_config=manifest())
    if JOB["task"] == "start":
        sys.exit()
    if JOB["task"] == "discover":
        launch(source, ["discover", "--config", str(config)])
    else:
        launch(source, ["read", "--config", str(config), "--catalog", str(chosen)])


if __name__ == "__main__":
    main()
