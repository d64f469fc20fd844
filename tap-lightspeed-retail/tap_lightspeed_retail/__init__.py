"""Singer tap for Lightspeed Retail POS (R-Series)."""
