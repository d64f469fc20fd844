"""All tests: a folder a package, and `end_to_end` and `project` for what spans them."""
