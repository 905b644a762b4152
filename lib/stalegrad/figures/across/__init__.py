"""Figures that set the models of several papers side by side."""
