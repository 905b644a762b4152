"""JAX on CPU: one ``jit``, ``lax.scan`` over the steps, all paths in one array, the default (here also fastest) generator."""

from functools import partial
from math import log

import jax
import jax.numpy as jnp
from jax import lax

SLOTS = 512  # ring of past iterates; a staleness beyond it has probability μ^512 < 4e-12
CHUNK = 10  # steps drawn at a time


def w1(workload):
    """Staleness from ``random.geometric``, component from ``random.randint``."""
    paths = jnp.arange(workload.n_paths)

    def step(carry, now):
        past, x = carry
        k, key = now
        key_staleness, key_component = jax.random.split(key)
        tau = jax.random.geometric(key_staleness, 1 - workload.mu, paths.shape, dtype=jnp.int32) - 1
        centre = 2.0 * jax.random.randint(key_component, paths.shape, 0, 2) - 1.0
        x = x - 2 * workload.eta * (past[(k - tau) % SLOTS, paths] - centre)
        return (past.at[(k + 1) % SLOTS].set(x), x), _moments(x)

    @jax.jit
    def simulate(seed):
        keys = jax.random.split(jax.random.key(seed), workload.n_steps)
        start = jnp.full((SLOTS, workload.n_paths), workload.start)
        return lax.scan(step, (start, start[0]), (jnp.arange(workload.n_steps, dtype=jnp.int32), keys))[1]

    return _runner(simulate, workload)


def w1_by_hand(workload, dtype="float64"):
    """Both draws from one 32-bit word, ten steps of words at a time, no bounds checks."""
    real = jnp.dtype(dtype).type
    paths = jnp.arange(workload.n_paths, dtype=jnp.int32)
    shape = (CHUNK, workload.n_paths)

    def chunk(key, carry, number):
        past, x = carry
        words = jax.random.bits(jax.random.fold_in(key, number), shape, jnp.uint32)
        uniform = ((words >> 1).astype(real) + real(0.5)) * real(2.0**-31)
        tau = (jnp.log(uniform) * real(1 / log(workload.mu))).astype(jnp.int32)
        kick = (words & 1).astype(real) * real(4 * workload.eta) - real(2 * workload.eta)
        moments = []
        for j in range(CHUNK):
            k = number * CHUNK + j
            read = past.at[(k - tau[j]) % SLOTS, paths].get(mode="promise_in_bounds")
            x = x - real(2 * workload.eta) * read + kick[j]
            past = past.at[(k + 1) % SLOTS].set(x)
            moments.append(_moments(x))
        return (past, x), jnp.array(moments)

    @jax.jit
    def simulate(seed):
        start = jnp.full((SLOTS, workload.n_paths), workload.start, real)
        numbers = jnp.arange(workload.n_steps // CHUNK, dtype=jnp.int32)
        moments = lax.scan(partial(chunk, jax.random.key(seed)), (start, start[0]), numbers)[1]
        return moments.reshape(workload.n_steps, 2).T

    return _runner(simulate, workload)


def w1_single(workload):
    return w1_by_hand(workload, dtype="float32")


def w2(workload, dtype="float64"):
    """Euler-Maruyama with ``random.normal``."""
    real = jnp.dtype(dtype).type
    mu, dt, friction = real(workload.mu), real(workload.dt), real(workload.friction)
    noise_scale = real(workload.noise * workload.dt**0.5)

    def step(key, state, k):
        x, y, sigma = state
        normal = jax.random.normal(jax.random.fold_in(key, k), x.shape, real)
        w = 2 * x + friction * y
        x = x + dt * y + noise_scale * jnp.sqrt(sigma) * normal
        return (x, y - dt * w, mu * sigma + (1 - mu) * (4 + w * w / mu)), _moments(x)

    @jax.jit
    def simulate(seed):
        start = tuple(jnp.full(workload.n_paths, value, real) for value in workload.sde_start)
        return lax.scan(partial(step, jax.random.key(seed)), start, jnp.arange(workload.n_steps))[1]

    return _runner(simulate, workload)


def w2_single(workload):
    return w2(workload, dtype="float32")


def w3(workload, dtype="float64"):
    """Delay from ``random.randint``, noise from ``random.normal``."""
    real = jnp.dtype(dtype).type
    length, rate = workload.longest + 1, real(2 * workload.eta)
    paths = jnp.arange(workload.n_paths, dtype=jnp.int32)

    def step(key, carry, k):
        past, x = carry
        key_delay, key_noise = jax.random.split(jax.random.fold_in(key, k))
        if workload.is_random:
            delay = jax.random.randint(key_delay, paths.shape, 0, length, jnp.int32)
            read = past[(k - delay) % length, paths]
        else:
            read = past[(k - workload.longest) % length]
        x = x + rate * (jax.random.normal(key_noise, x.shape, real) - read)
        return (past.at[(k + 1) % length].set(x), x), _moments(x)

    @jax.jit
    def simulate(seed):
        start = jnp.full((length, workload.n_paths), workload.start, real)
        return lax.scan(partial(step, jax.random.key(seed)), (start, start[0]), jnp.arange(workload.n_steps, dtype=jnp.int32))[1]

    return _runner(simulate, workload)


def w3_single(workload):
    return w3(workload, dtype="float32")


def _moments(x):
    return x.mean(), (x * x).mean()


def _runner(simulate, workload):
    def run(seed):
        later = jax.device_get(simulate(seed))
        return [[first, *moment] for first, moment in zip((workload.start, workload.start**2), later)]

    return run
