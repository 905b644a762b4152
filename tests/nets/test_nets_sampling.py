"""Samplers: every image with the same chance, and the thesis' loaders as described."""

import numpy as np
import pytest
from scipy import stats

from stalegrad.nets.sampling import loader_stream, thesis_sampler, with_replacement

LEVEL = 1e-6
N, BATCH, WORKERS, LOADERS, CHUNK = 1003, 16, 3, 4, 40
PER_REQUEST = LOADERS * CHUNK // BATCH


def test_with_replacement_is_uniform():
    keys = [(seed, worker, step) for seed in range(5) for worker in range(20) for step in range(20)]
    counts = np.bincount(with_replacement(200, 32)(keys).ravel(), minlength=200)
    assert stats.chisquare(counts).pvalue > LEVEL


def test_batches_with_replacement_repeat_images_as_often_as_chance_has_it():
    """The number of distinct images of a batch of 32 from 200; without replacement it would be 32."""
    draws = with_replacement(200, 32)([(0, 0, step) for step in range(4000)])
    distinct = np.array([len(np.unique(row)) for row in draws])
    share = 1.0 - 1.0 / 200
    mean = 200 * (1.0 - share**32)
    variance = 200 * (share**32 - share**64) + 200 * 199 * ((1.0 - 2.0 / 200) ** 32 - share**64)
    error = np.sqrt(variance / len(distinct))
    assert abs(distinct.mean() - mean) < 5.0 * error < 32 - mean


def test_a_loader_sends_every_image_once_a_pass_but_for_those_before_its_restart():
    start, rest = 250, N % BATCH
    sent = loader_stream(N, BATCH, start, seed=3, loader=2, first=0, count=6 * N)
    breaks = np.flatnonzero(np.diff(sent) != 1) + 1
    assert np.array_equal(sent[: breaks[0]], np.arange(start, N))
    for first, last in zip(breaks, breaks[1:]):
        assert np.array_equal(sent[first:last], np.arange(sent[first], N)) and sent[first] <= rest
    assert len(set(sent[breaks].tolist())) > 1


def test_restarts_are_uniform():
    restarts = [int(loader_stream(N, BATCH, N - 1, seed, 0, 1, 1)[0]) for seed in range(3000)]
    assert stats.chisquare(np.bincount(restarts, minlength=N % BATCH + 1)).pvalue > LEVEL


def test_a_stream_may_be_read_in_pieces():
    whole = loader_stream(N, BATCH, 7, 0, 1, 0, 5 * N)
    assert np.array_equal(np.concatenate([loader_stream(N, BATCH, 7, 0, 1, first, N) for first in range(0, 5 * N, N)]), whole)


def test_workers_share_out_what_the_loaders_send():
    draw, requests = thesis_sampler(N, BATCH, WORKERS, LOADERS, CHUNK), 9
    keys = [(0, worker, step) for worker in range(WORKERS) for step in range(requests * PER_REQUEST)]
    starts = np.arange(LOADERS) * N // LOADERS
    sent = np.concatenate([loader_stream(N, BATCH, starts[k], 0, k, 0, requests * WORKERS * CHUNK) for k in range(LOADERS)])
    assert np.array_equal(np.sort(draw(keys).ravel()), np.sort(sent))


def test_a_batch_depends_on_its_key_alone():
    keys = [(0, 2, 31), (0, 0, 0), (1, 1, 5), (0, 2, 30)]
    together = thesis_sampler(N, BATCH, WORKERS, LOADERS, CHUNK)(keys)
    fresh = [thesis_sampler(N, BATCH, WORKERS, LOADERS, CHUNK)([key])[0] for key in reversed(keys)]
    assert np.array_equal(together, fresh[::-1])
    assert not np.array_equal(together[0], together[3])


def test_loaders_that_begin_together_send_the_same_images():
    """The sizes of the thesis: literally read, the 4,096 images of a request are 512 different ones; spread starts give 4,096."""
    keys = [(0, 0, step) for step in range(32)]
    literal, spread = (thesis_sampler(50_000, 128, 4, starts=starts)(keys) for starts in ([0] * 8, None))
    assert len(np.unique(literal)) == 512
    assert len(np.unique(spread)) == 4096


def test_files_may_hold_fractions_of_the_data():
    """Every loader sends its own k-th only, from its beginning on; a pass over all files is a pass over the data but for the restarts."""
    pieces = N // LOADERS
    draw = thesis_sampler(N, BATCH, 1, LOADERS, chunk=pieces // BATCH * BATCH, fractions=True)
    first = np.sort(draw([(0, 0, step) for step in range(LOADERS * (pieces // BATCH))]).ravel())
    edges = np.arange(LOADERS + 1) * N // LOADERS
    assert np.array_equal(first, np.concatenate([np.arange(edge, edge + pieces // BATCH * BATCH) for edge in edges[:-1]]))
    later = draw([(0, 0, step) for step in range(40 * LOADERS * (pieces // BATCH))]).ravel()
    counts = np.bincount(later, minlength=N)
    assert counts.min() > 0 and set(np.diff(np.unique(np.searchsorted(edges, later, side="right")))) == {1}
    per_file = [counts[low:high].sum() for low, high in zip(edges, edges[1:])]
    assert len(set(per_file)) == 1  # each loader sends as many images as any other, whatever the size of its file


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_images": 60, "fractions": True}, "batch=16 is more than the 15 images"),
        ({"fractions": True, "starts": [0, 1, 2, 251]}, "one address from 0 to 249"),
        ({"batch": 17}, "does not divide loaders"),
        ({"loaders": 0}, "loaders=0 is too small"),
        ({"starts": [0, 1]}, "one address from 0 to 1002 for each of 4 loaders"),
        ({"starts": [0, 1, 2, N]}, "one address from 0 to 1002"),
    ],
)
def test_bad_loaders_are_refused(change, says):
    with pytest.raises(ValueError, match=says):
        thesis_sampler(**{"n_images": N, "batch": BATCH, "n_workers": WORKERS, "loaders": LOADERS, "chunk": CHUNK, **change})


def test_a_worker_out_of_the_queue_is_refused():
    with pytest.raises(ValueError, match="worker 3 has no place"):
        thesis_sampler(N, BATCH, WORKERS, LOADERS, CHUNK)([(0, 3, 0)])
