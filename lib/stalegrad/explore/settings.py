"""What can be moved in an explorer, how far, and where it starts: one description for the pages, the widgets and the pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Quantity:
    """A number with a slider.

    Attributes
    ----------
    name : str
        Argument of the forms.
    symbol, meaning : str
        Its letter, and what it is in a few words.
    low, high, step, value : float
        Range of the slider, its step and where it starts.
    """

    name: str
    symbol: str
    meaning: str
    low: float
    high: float
    step: float
    value: float

    @property
    def label(self) -> str:
        """What stands beside the slider."""
        return f"{self.meaning} {self.symbol}"


@dataclass(frozen=True)
class Map:
    """A map of the spectral radius over two parameters.

    Attributes
    ----------
    form : str
        Name of the matrix in `forms`; its spectral radius is the map.
    title : str
    moments : str
        "first" or "second": what the matrix advances.
    x, y : Quantity
        The axes; the start is the point that is described first.
    sliders : tuple of Quantity
        The other parameters.
    claims : tuple of str
    variance : str
        Name of the form of the stationary variance of what is reported, or "" where noise is multiplicative and there is none.
    of : str
        Whose variance it is.
    """

    form: str
    title: str
    moments: str
    x: Quantity
    y: Quantity
    sliders: tuple[Quantity, ...]
    claims: tuple[str, ...]
    variance: str = ""
    of: str = ""


_STEP = Quantity("step", "ηh", "rate × curvature", 0.02, 2.0, 0.02, 0.5)
_LONG_STEP = replace(_STEP, high=4.0)
_GAMMA_STEP = Quantity("step", "ηλ/ω", "rate × mean curvature", 0.02, 2.0, 0.02, 0.5)
_MOMENTUM = Quantity("delta", "δ", "momentum", -0.98, 0.98, 0.02, 0.5)
_HEAVY = Quantity("delta", "δ", "momentum", -0.95, 0.99, 0.01, 0.9)
_ALPHA = Quantity("alpha", "α", "moving rate of the workers", -1.0, 1.0, 0.02, 0.2)
_BETA = Quantity("beta", "β", "moving rate of the centre", 0.05, 1.95, 0.05, 0.9)
_LAM = Quantity("lam", "λ", "shape of the noise", 0.1, 10.0, 0.1, 0.5)
_OMEGA = Quantity("omega", "ω", "rate of the noise", 0.1, 10.0, 0.1, 0.5)
_BATCH = Quantity("p", "p", "draws in a mini-batch", 1, 64, 1, 1)
_WORKERS = Quantity("p", "p", "workers", 2, 64, 1, 4)

MAPS = {
    entry.form: entry
    for entry in (
        Map(
            "additive_momentum",
            "Momentum SGD, additive noise",
            "second",
            _LONG_STEP,
            _MOMENTUM,
            (),
            ("EASGD-5.6", "EASGD-5.7", "EASGD-5.8", "EASGD-msgd-optimal"),
            "additive_momentum_variance",
            "iterate",
        ),
        Map(
            "additive_average",
            "EASGD, additive noise: average of the workers, and centre",
            "second",
            _STEP,
            _ALPHA,
            (_BETA, _WORKERS),
            ("EASGD-5.10", "EASGD-5.12", "EASGD-5.14", "EASGD-5.16"),
            "additive_elastic_variance",
            "centre",
        ),
        Map(
            "additive_elastic",
            "EASGD, additive noise: all workers, and centre",
            "first",
            _STEP,
            _ALPHA,
            (_BETA, _WORKERS),
            ("EASGD-5.18", "EASGD-5.19", "EASGD-5.14", "EASGD-easgd-full-optimal"),
            "additive_elastic_variance",
            "centre",
        ),
        Map(
            "additive_eamsgd",
            "EAMSGD, additive noise: all workers with momentum, and centre",
            "first",
            _STEP,
            _ALPHA,
            (_BETA, _HEAVY, _WORKERS),
            ("EASGD-5.20", "EASGD-5.21", "EASGD-eamsgd-stationary"),
            "additive_eamsgd_variance",
            "centre",
        ),
        Map(
            "gamma_momentum",
            "Momentum SGD, multiplicative noise",
            "second",
            _GAMMA_STEP,
            _MOMENTUM,
            (_LAM, _OMEGA, _BATCH),
            ("EASGD-5.28", "EASGD-5.30", "EASGD-5.24", "EASGD-msgd-slows"),
        ),
        Map(
            "gamma_elastic",
            "EASGD, multiplicative noise",
            "second",
            _GAMMA_STEP,
            _ALPHA,
            (_BETA, _LAM, _OMEGA, _WORKERS),
            ("EASGD-5.31", "EASGD-5.34", "EASGD-easgd-finite-p", "EASGD-easgd-infinite-p"),
        ),
        Map(
            "gamma_eamsgd",
            "EAMSGD, multiplicative noise",
            "second",
            _GAMMA_STEP,
            _ALPHA,
            (_BETA, Quantity("delta", "δ", "momentum", -0.95, 0.95, 0.05, -0.5), _LAM, _OMEGA, _WORKERS),
            ("EASGD-eamsgd-nine", "EASGD-5.34"),
        ),
    )
}
"""The maps of the stability explorer by the name of their matrix."""

START_MAP = "additive_elastic"
CELLS = 60
"""Cells of a map along either axis."""

TRAJECTORIES = (
    Quantity("mu", "μ", "staleness parameter", 0.02, 0.99, 0.01, 0.95),
    Quantity("eta", "η", "learning rate", 0.005, 0.5, 0.005, 0.01),
    Quantity("a", "a", "curvature", 0.5, 4.0, 0.1, 2.0),
    Quantity("s2", "s²", "variance of one gradient", 0.0, 8.0, 0.5, 4.0),
    Quantity("x0", "x₀", "start", 0.0, 3.0, 0.1, 1.0),
    Quantity("k", "k", "step that is read off", 0, 400, 1, 100),
)
"""The sliders of the trajectories: those of Figure 4 at the start. The last one also says how many steps are drawn."""
TRAJECTORY_CLAIMS = ("SME-2.1", "SME-2.11", "SME-2.12", "SME-3.3", "SME-4.4", "SME-5.5", "SME-best-mu", "SME-self-consistent", "SME-exact-moments")

DELAYS = (
    Quantity("h", "ηr", "rate × curvature", 0.01, 1.5, 0.01, 0.1),
    Quantity("mu", "μ", "momentum", 0.0, 0.98, 0.02, 0.5),
    Quantity("tau", "τ", "delay in steps", 0, 30, 1, 5),
)
"""The sliders of the delays; the last two are the axes of the map."""
DELAY_CLAIMS = ("PCA-critical-delay", "PCA-5", "SDDE-stationary-variance", "SDDE-T4.1")
