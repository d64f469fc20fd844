"""A custom transformation for the Airbyte CDK: types by converters that are compiled once."""

from dataclasses import dataclass

from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from common import compiled, read_job

JOB = read_job()
CONVERTERS = {each["name"]: compiled(each["schema"], float) for each in JOB["streams"]}


@dataclass
class Typed(RecordTransformation):
    """Gives every value of a record the type that its schema names."""

    name: str
    parameters: object = None

    def transform(self, record, config=None, stream_state=None, stream_slice=None):
        """Convert in place, as the CDK asks."""
        record.update(CONVERTERS[self.name](record))
