"""The Lightspeed Retail API (R-Series, V3) as a local server, for trying out and for testing."""
