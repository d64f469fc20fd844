"""The Lightspeed Retail POS (R-Series) API: resources, wire forms, pacing, authorisation."""
