"""The explorers with sliders in JupyterLab. Tag such a cell `nbval-skip`: widgets talk to a page."""

from __future__ import annotations

import ipywidgets
import matplotlib.pyplot as plt

from stalegrad.explore import pictures, settings


def stability(name: str = settings.START_MAP) -> None:
    """Map of the spectral radius, with a slider for each parameter.

    Parameters
    ----------
    name : str
        One of `stalegrad.explore.settings.MAPS`, such as "additive_momentum" or "gamma_elastic".

    Raises
    ------
    ValueError
        For a map that there is not.
    """
    _interact(lambda **values: pictures.draw_map(name, **values), pictures.sliders_of(name))


def trajectories() -> None:
    """Mean and second moment of ASGD and its limits over the staleness parameter, the learning rate and the rest."""
    _interact(pictures.draw_trajectories, settings.TRAJECTORIES)


def delays() -> None:
    """Stability of momentum with a constant delay, and the roots behind it."""
    _interact(pictures.draw_delays, settings.DELAYS)


def _interact(draw, quantities) -> None:
    def show(**values):
        draw(**values)
        plt.show()

    ipywidgets.interact(show, **{quantity.name: slider(quantity) for quantity in quantities})


def slider(quantity: settings.Quantity) -> ipywidgets.FloatSlider | ipywidgets.IntSlider:
    """The slider of a quantity; it redraws when it is let go.

    Examples
    --------
    >>> slider(settings.DELAYS[2]).value
    5
    """
    kind = ipywidgets.IntSlider if isinstance(quantity.step, int) else ipywidgets.FloatSlider
    look = {"description": quantity.label, "style": {"description_width": "16em"}, "layout": {"width": "40em"}, "continuous_update": False}
    return kind(value=quantity.value, min=quantity.low, max=quantity.high, step=quantity.step, **look)
