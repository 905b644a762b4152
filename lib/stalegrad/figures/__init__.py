"""Figures of the papers: the numbers behind them, and how they are drawn."""
