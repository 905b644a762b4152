"""Figure 5 (right), the double well: the setting, once, for values, tests and notebooks.

The paper prints x_0, η and μ (SME-F5). It leaves out the past, the number of steps and
what counts as arriving: here the past is frozen at x_0, as Theorem 2 assumes; 1,000 steps,
after which no path changes sides any more; and the sign of the last iterate decides.
"""

from __future__ import annotations

import math

START = 0.1
ETA = 0.01
MU = 0.95
N_STEPS = 1000
N_PATHS = 5000


def right_hand_well(model: str, n_paths: int = N_PATHS, seed: int = 0) -> dict[str, float]:
    """Fraction of simulated paths that end in the right-hand well (SME-F5).

    Parameters
    ----------
    model : str
        "asgd", "sme-asgd" or "sme-sgd".
    n_paths, seed : int
        Number of paths, and the seed of their random numbers.

    Returns
    -------
    dict
        "fraction" of paths with x > 0 after `N_STEPS` steps, and its binomial "standard_error".

    Raises
    ------
    ValueError
        For an unknown model, or what `simulate` refuses.
    """
    # Imported here: a closed formula must be evaluated without loading the engine.
    from stalegrad.claims import models
    from stalegrad.engine.simulate import simulate

    process = models.model(model, models.problem("double-well"), ETA, MU)
    run = simulate(process, START, n_paths=n_paths, n_steps=N_STEPS, seed=seed, keep="final")
    fraction = float((run.final[:, 0] > 0).mean())
    return {"fraction": fraction, "standard_error": math.sqrt(fraction * (1 - fraction) / n_paths)}
