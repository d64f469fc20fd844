"""Airflow with all that it takes, on this machine: for trying out, for testing, and for a single server."""
