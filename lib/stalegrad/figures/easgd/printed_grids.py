"""Which grids give the digits of the printed minima (EASGD-sp-easgd-0.5 and the like): the thesis names axes, not spacings."""

from __future__ import annotations

import numpy as np

from stalegrad.moments import gamma_noise
from stalegrad.moments.gamma_noise import Setting, best_rates

Array = np.ndarray
DIGITS = 0.5e-4
"""Half a unit of the last printed digit."""


def of_workers(shape: float, top: float, printed: dict[str, float], sizes: Array) -> list[int]:
    """Numbers of learning rates from 0 to `top`, end points included, whose lowest point has the printed eta, p and radius.

    At a given p the radius falls and then rises with eta, so the lowest grid point is beside the minimum over real eta; the
    printed p competes with its neighbours.
    """
    setting = gamma_noise.setting_of_workers(shape, top)
    workers = printed["p"] + np.array([-1.0, 0.0, 1.0])
    best, _ = best_rates(setting.radius, setting.eta[::10], workers)
    below = np.floor(best / top * (sizes[:, None] - 1))
    etas = top * np.stack([below, below + 1], axis=-1) / (sizes[:, None, None] - 1)
    radii = setting.radius(etas, workers[:, None])
    lowest = radii.reshape(len(sizes), -1).argmin(axis=1)
    eta, radius = (array.reshape(len(sizes), -1)[np.arange(len(sizes)), lowest] for array in (etas, radii))
    fits = (workers[lowest // 2] == printed["p"]) & (np.abs(eta - printed["eta"]) < DIGITS) & (np.abs(radius - printed["sp"]) < DIGITS)
    return sizes[fits].tolist()


def of_alpha(printed: dict[str, float], sizes: Array, reach: int = 6) -> list[int]:
    """The same for Figure 5.19: as many learning rates from 0 to 1 as alpha from -1 to 1, of which those within `reach` cells are compared."""
    return [int(size) for size in sizes if _fits(gamma_noise.setting_of_alpha(int(size)), printed, reach)]


def _fits(setting: Setting, printed: dict[str, float], reach: int) -> bool:
    near = (
        np.sort(axis[np.argsort(np.abs(axis - printed[name]))[: 2 * reach + 1]]) for axis, name in ((setting.eta, "eta"), (setting.other, "alpha"))
    )
    found = gamma_noise.lowest_on_grid(setting.radius, *near)
    return all(abs(value - printed[name]) < DIGITS for name, value in (("sp", found.sp), ("eta", found.x), ("alpha", found.y)))
