"""The two questions of a language model: which is likelier, and what fills the gap?

Chapter 2. Each question is asked of a trained model, with a seed that draws the items,
so that all models are asked the same. Axes: T tokens, V vocabulary, C candidates.
"""

import numpy as np

from companion.field import BengioSplit
from companion.ngram import NgramModel

SENTENCES = 2_000  # for each seed, as `GAPS` and `OPEN_GAPS`
GAPS = 2_000
OPEN_GAPS = 1_000
CANDIDATES = 10


def swapped_share(model: NgramModel, sentences: list[np.ndarray], seed: int) -> float:
    """Return how often a sentence beats itself with two neighbours swapped.

    Chance is one half, and so is a model of order 1: the words are the same. A tie
    counts half.
    """
    rng = np.random.default_rng(seed)
    wins = []
    for i in rng.choice(len(sentences), SENTENCES, replace=False):
        real = sentences[i]
        at = rng.choice(np.flatnonzero(real[:-1] != real[1:]))
        fake = real.copy()
        fake[[at, at + 1]] = fake[[at + 1, at]]
        margin = model.log_prob(real) - model.log_prob(fake)
        wins.append(0.5 if abs(margin) < 1e-9 else float(margin > 0))
    return float(np.mean(wins))


def gap_scores(
    model: NgramModel, ids: np.ndarray, at: int, candidates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return log p of each candidate in the gap at `ids[at]`, two ways, shape (C,).

    First from the words to the left alone; then of the whole window, so that the
    n - 1 words to the right, which the candidate helps to predict, have their say.
    """
    reach = model.order - 1
    window = ids[at - reach : at + reach + 1]
    filled = np.tile(window, (len(candidates), 1))  # (C, 2n - 1)
    filled[:, reach] = candidates
    scores = model.score(filled.ravel()).reshape(filled.shape)[:, reach:]
    return scores[:, 0], scores.sum(axis=1)


def share_of_best(scores: np.ndarray, at: int) -> float:
    """Return 1 if `scores[at]` is the best, 1/m if m are equally good, else 0."""
    best = scores >= scores.max() - 1e-9
    return float(best[at] / best.sum())


def gap_shares(model: NgramModel, split: BengioSplit, seed: int) -> list[float]:
    """Return how often the true word is the best of ten, from the left and from both.

    The nine others are drawn from the training text, so frequent words are drawn
    often and frequency alone gives little away; chance is one in ten.
    """
    rng = np.random.default_rng(seed)
    right = []
    for at in rng.integers(5, len(split.test) - 5, GAPS):
        # The true word, then words drawn until nine others differ from it and
        # from each other; a hundred draws are plenty.
        drawn = rng.choice(split.train, 10 * CANDIDATES).tolist()
        candidates = np.array([*dict.fromkeys([split.test[at], *drawn])][:CANDIDATES])
        both = gap_scores(model, split.test, at, candidates)
        right.append([share_of_best(scores, 0) for scores in both])
    return np.mean(right, axis=0).tolist()


def open_gap_shares(model: NgramModel, split: BengioSplit, seed: int) -> list[float]:
    """Return how often the true word is the best of all V, from the left and both."""
    rng = np.random.default_rng(seed)
    everything = np.arange(model.vocabulary_size)
    right = []
    for at in rng.integers(5, len(split.test) - 5, OPEN_GAPS):
        both = gap_scores(model, split.test, at, everything)
        right.append([share_of_best(scores, split.test[at]) for scores in both])
    return np.mean(right, axis=0).tolist()
