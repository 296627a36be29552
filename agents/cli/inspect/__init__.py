"""The commands that look at figures: replay, backtest, why, watch, rules."""
