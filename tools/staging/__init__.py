"""The generator of sources and staging models: run tools/dbt_sources.py."""
