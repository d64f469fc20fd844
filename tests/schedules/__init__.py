"""Schedules of faults, kills and trade, each made from one whole number alone: `python -m tests.schedules --help`."""
