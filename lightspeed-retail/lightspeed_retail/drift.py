"""What an account sends that the declarations did not foresee: said once, counted, and summed up at the end."""

from __future__ import annotations

import logging
from collections import Counter

from lightspeed_retail.scalars import as_text

_MOST_SHOWN = 5
_LONGEST_SHOWN = 60
_MOST_NAMED = 200

_log = logging.getLogger(__name__)


class Drift:
    """Unknown fields and misfitting values of one stream.

    An unknown field is named once. A value that does not fit its type arrives as null; the first few of a field are
    shown in the log, unless they are personal, and all are counted.
    """

    def __init__(self, stream: str, *, kept: bool = False, expected: bool = False) -> None:
        """Report on behalf of a stream.

        Args:
            stream: Its name.
            kept: Whether unknown fields and misfitting values are kept.
            expected: Whether unknown fields are nothing to speak of, because nobody has declared the list.
        """
        self.stream = stream
        self._expected = expected
        self.misfits: Counter[str] = Counter()
        self.new_fields: set[str] = set()
        self._fate = "it is kept" if kept else "set keep_unknown_fields to keep it"

    def unknown(self, field: str) -> None:
        """Name a field that Lightspeed has added."""
        field = field if field.isprintable() and len(field) <= _LONGEST_SHOWN else f"{field[:_LONGEST_SHOWN]!r}..."
        if field not in self.new_fields and len(self.new_fields) < _MOST_NAMED and not self._expected:
            self.new_fields.add(field)
            _log.warning(
                "%s: the API sends a field that this version does not know: %s (%s)", self.stream, field, self._fate
            )

    def misfit(self, field: str, value: object, *, personal: bool) -> None:
        """Note a value that does not fit its type."""
        self.misfits[field] += 1
        if self.misfits[field] > _MOST_SHOWN:
            return
        shown = "a personal value" if personal else f"{str(as_text(value))[:_LONGEST_SHOWN]!r}"
        _log.warning("%s: %s holds %s, which does not fit its type; it arrives as null.", self.stream, field, shown)

    def summary(self) -> list[str]:
        """A line for each field that did not fit, and one for the fields that are new."""
        lines = [f"{self.stream}.{field}: {count} values did not fit" for field, count in sorted(self.misfits.items())]
        if self.new_fields:
            lines.append(f"{self.stream}: unknown fields {', '.join(sorted(self.new_fields))}")
        return lines
