"""Singer target for Lightspeed Retail POS (R-Series)."""
