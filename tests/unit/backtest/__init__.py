"""The backtest's arithmetic, files and command."""
