"""A night, step by step: what the scheduler's tasks do, and what a command can do without a scheduler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from lightspeed_nightly.accounts import Account, chosen, listed
from lightspeed_nightly.grouping import MOST_GROUPS, groups
from lightspeed_nightly.loading import Loading
from lightspeed_nightly.outcome import Run
from lightspeed_nightly.preparing import Preparation, Prepared
from lightspeed_nightly.runs import Runs
from lightspeed_nightly.settings import Settings
from lightspeed_nightly.summary import Summary
from lightspeed_nightly.warm import Cold, Starter, Warm

_log = logging.getLogger("lightspeed_nightly")


@dataclass(frozen=True)
class Night:
    """One night.

    Args:
        settings: Its settings.
        name: What it is known by: Airflow's run id.
    """

    settings: Settings
    name: str

    @cached_property
    def runs(self) -> Runs:
        """The table of runs.

        Raises:
            SettingsError: The database is not named.
        """
        return Runs(self.settings.address)

    def prepare(self) -> Prepared:
        """Make what many runs at a time would get in each other's way about: tables, and Meltano's own.

        Raises:
            PreparationError: A command failed.
            SettingsError: The database cannot be used.
        """
        settings = self.settings
        self.runs.make()
        preparation = Preparation(
            settings.project,
            settings.program("meltano").parent,
            settings.environment(),
            settings.extractor,
            settings.loader,
        )
        if "{account_id}" in settings.schema:
            return preparation.prepare([])
        return preparation.prepare([settings.schema] if settings.schema else None)

    def groups(self) -> list[list[int]]:
        """The accounts' numbers in groups of one task each, the largest first.

        Raises:
            SettingsError: The accounts cannot be listed.
        """
        accounts = listed(self.settings, self.runs)
        seconds = self.settings.group_seconds
        found = groups(accounts, seconds) if seconds else _each_alone(accounts)
        return [[account.account_id for account in group] for group in found]

    def load(self, numbers: Sequence[int], attempt: int = 1, tell: Callable[[Run], None] = lambda _: None) -> list[Run]:
        """Run accounts one after the other, but for those that are through; what became of each.

        Args:
            numbers: The accounts' numbers.
            attempt: The how manieth try this is.
            tell: Is told of each run as soon as it has ended.
        """
        settled = {run.account_id: run for run in self.runs.of(self.name) if not run.kind.is_passing}
        found = [settled[number] for number in numbers if number in settled]
        accounts = chosen(self.settings, self.runs, [number for number in numbers if number not in settled])
        with self._starter(len(accounts)) as starter:
            loading = Loading(self.settings, self.runs, starter)
            for account in accounts:
                run = loading.run(account, self.name, attempt)
                level = logging.INFO if run.kind.is_good else logging.ERROR
                _log.log(level, "Account %d: %s in %.0f s. %s", run.account_id, run.kind, run.seconds, run.reason)
                tell(run)
                found.append(run)
        return found

    def _starter(self, count: int) -> Starter:
        """A single account is started as Meltano starts; several share what it loads."""
        settings = self.settings
        if settings.warm and count > 1:
            return Warm(settings.program("python"), settings.project)
        return Cold(settings.program("meltano"), settings.project)

    def summary(self, numbers: Sequence[int]) -> Summary:
        """What happened to the accounts that were to be run."""
        runs = self.runs.of(self.name)
        done = {run.account_id for run in runs}
        return Summary(self.name, runs, sorted(set(numbers) - done), self.runs.last_good())


def _each_alone(accounts: Sequence[Account]) -> list[list[Account]]:
    """Groups of one, unless there are too many."""
    return groups(accounts, min((each.seconds or 1.0 for each in accounts), default=1.0) / 2, MOST_GROUPS)
