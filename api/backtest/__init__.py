"""The backtest: the valuation judged on deals that it had not seen, for a bank to run before it trusts us."""
