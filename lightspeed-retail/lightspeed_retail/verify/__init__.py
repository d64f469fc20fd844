"""Whether a warehouse holds what the account holds: keys, change stamps, daily totals; the price is told beforehand."""
