"""Commands that read figures and test rules: replay, backtest, why, watch, rules."""
