"""diffrax: ``Euler`` with the fixed-step Brownian path that it offers for speed (``UnsafeBrownianPath``)."""

import diffrax
import jax
import jax.numpy as jnp
import lineax


def w2(workload):
    """One solve a path under ``jax.vmap``, as its documentation does; every step saved, moments taken after."""

    @jax.jit
    def simulate(seed):
        keys = jax.random.split(jax.random.key(seed), workload.n_paths)
        x = jax.vmap(lambda key: _solve(workload, key, (), lambda t, state, args: state[0]))(keys)
        return x.mean(axis=0), (x * x).mean(axis=0)

    return lambda seed: jax.device_get(simulate(seed))


def w2_by_hand(workload):
    """One solve whose state holds all paths, and ``SaveAt(fn=...)`` that keeps only the moments."""

    def moments(t, state, args):
        return state[0].mean(), (state[0] * state[0]).mean()

    @jax.jit
    def simulate(seed):
        return _solve(workload, jax.random.key(seed), (workload.n_paths,), moments)

    return lambda seed: jax.device_get(simulate(seed))


def _solve(workload, key, shape, save):
    mu, dt, friction = workload.mu, workload.dt, workload.friction

    def drift(t, state, args):
        x, y, sigma = state
        w = 2 * x + friction * y
        return y, -w, (1 - mu) / dt * (4 + w * w / mu - sigma)

    def diffusion(t, state, args):
        scale = workload.noise * jnp.sqrt(state[2])
        zero = jnp.zeros(shape)
        return lineax.FunctionLinearOperator(lambda dw: (scale * dw, zero, zero), jax.ShapeDtypeStruct(shape, zero.dtype))

    brownian = diffrax.UnsafeBrownianPath(shape=shape, key=key)
    solution = diffrax.diffeqsolve(
        diffrax.MultiTerm(diffrax.ODETerm(drift), diffrax.ControlTerm(diffusion, brownian)),
        diffrax.Euler(),
        t0=0.0,
        t1=workload.n_steps * dt,
        dt0=dt,
        y0=tuple(jnp.full(shape, value) for value in workload.sde_start),
        saveat=diffrax.SaveAt(t0=True, steps=True, fn=save),
        adjoint=diffrax.ForwardMode(),
        max_steps=workload.n_steps,
        throw=False,
    )
    return solution.ys
