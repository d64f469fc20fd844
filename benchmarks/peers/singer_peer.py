"""A tap on the bare singer-sdk: a RESTStream with a typed nested schema.

documented: what the SDK's template and guides lead to: a HATEOAS paginator, JSONPath, types in `post_process`.
best: a page decoded once by msgspec, compiled converters, no second look at types, MsgSpecWriter, `Retry-After`.
"""

import sys

from common import compiled, params_of, read_job, typed

JOB = read_job()

import msgspec
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.pagination import BaseHATEOASPaginator

IS_BEST = JOB["form"] == "best"


class NextLink(BaseHATEOASPaginator):
    """Follows the link in the answer."""

    def get_next_url(self, response):
        """The address of the next page."""
        return response.json()["@attributes"]["next"] or None


class Stream(RESTStream):
    """A list of the API."""

    url_base = JOB["url"]

    def __init__(self, tap, declared):
        """Take what the job says of it."""
        self.declared = declared
        self.primary_keys = [declared["key"]]
        super().__init__(tap, name=declared["name"], schema=declared["schema"], path=declared["path"])
        self.replication_key = declared["stamp"]

    @property
    def authenticator(self):
        """The access token."""
        return BearerTokenAuthenticator(token=JOB["token"])

    @property
    def records_jsonpath(self):
        """Where the rows are."""
        return f"$.{self.declared['rows']}[*]"

    def get_new_paginator(self):
        """By the link in the answer."""
        return NextLink()

    def get_url_params(self, context, next_page_token):
        """The query: with a link it is the link's."""
        if next_page_token is not None:
            return next_page_token.query
        params = params_of(self.declared)
        if JOB["start"]:
            start = self.get_starting_timestamp(context)
            params |= {self.replication_key: f">=,{start.isoformat()}", "sort": self.replication_key}
        return params

    def post_process(self, row, context=None):
        """Real types."""
        return typed(row, self.schema)


class Fast(NextLink):
    """Follows the link that the page's decoder has found."""

    def get_next_url(self, response):
        """The address of the next page."""
        return response.next_link or None


class BestStream(Stream):
    """The same, as fast as the SDK's public interface allows."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap, declared):
        """Compile the converters."""
        super().__init__(tap, declared)
        self._convert = compiled(declared["schema"])
        self._decode = msgspec.json.Decoder().decode

    def get_new_paginator(self):
        """By the link that was found."""
        return Fast()

    def parse_response(self, response):
        """The rows of a page, which is decoded once."""
        page = self._decode(response.content)
        response.next_link = page["@attributes"]["next"]
        rows = page.get(self.declared["rows"]) or []
        yield from rows if isinstance(rows, list) else [rows]

    def post_process(self, row, context=None):
        """Real types."""
        return self._convert(row)

    def backoff_wait_generator(self):
        """As long as the API says."""
        return self.backoff_runtime(value=lambda error: int(error.response.headers.get("Retry-After", 1)))

    def backoff_jitter(self, value):
        """No longer."""
        return value

    def backoff_max_tries(self):
        """As often as it takes."""
        return 50


class BenchTap(Tap):
    """The tap."""

    name = "tap-bench"
    config_jsonschema = th.PropertiesList(th.Property("start_date", th.DateTimeType)).to_dict()
    if IS_BEST:
        message_writer_class = MsgSpecWriter

    def discover_streams(self):
        """The job's streams."""
        return [(BestStream if IS_BEST else Stream)(self, declared) for declared in JOB["streams"]]


if __name__ == "__main__":
    config = {"start_date": JOB["start"]} if JOB["start"] else {}
    tap = BenchTap(config=config, parse_env_config=False)
    if JOB["task"] == "start":
        sys.exit()
    if JOB["task"] == "discover":
        tap.run_discovery()
        sys.stdout.write(tap.catalog_json_text)
    else:
        tap.sync_all()
