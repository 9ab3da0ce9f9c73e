r"""What to do about zero: eight answers, each a page long at most.

Chapter 2, [chen1999empirical]. Every one of them divides a context's probability
into what the n-grams seen after it keep and what is handed down to a shorter context:

    p(w | h) = kept(hw) + backoff(h) * p(w | h'),     h' = h without its first word

A smoother is therefore one method, `split`, from the counts of one order to the two
arrays `kept` and `backoff`. Counting and scoring stand in `companion.ngram`.
Axes: K distinct n-grams of one order, C contexts, V vocabulary.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import isclose
from typing import ClassVar

import numpy as np

BASES = ("uniform", "unigram")


@dataclass(frozen=True)
class Counts:
    """The counts of one order, as a smoother sees them.

    Attributes:
        order: Length of the n-grams in words.
        ngrams: Count of each distinct n-gram, int64, shape (K,). For Kneser-Ney below
            the highest order these are continuation counts, and some may be 0.
        context: Index of each n-gram's context, int64, shape (K,), values 0..C-1.
        contexts: C, how many contexts there are.
        vocabulary_size: V.
    """

    order: int
    ngrams: np.ndarray
    context: np.ndarray
    contexts: int
    vocabulary_size: int

    @cached_property
    def totals(self) -> np.ndarray:
        """Sum of the counts after each context, float, shape (C,)."""
        return self.per_context(self.ngrams)

    @cached_property
    def types(self) -> np.ndarray:
        """Number of distinct words seen after each context, float, shape (C,)."""
        return self.per_context(self.ngrams > 0)

    def per_context(self, values: np.ndarray) -> np.ndarray:
        """Return `values`, shape (K,), summed over each context, shape (C,)."""
        return np.bincount(self.context, values, minlength=self.contexts)

    def of_counts(self, r: int) -> int:
        """Return n_r, how many n-grams have count r."""
        return int(np.count_nonzero(self.ngrams == r))


def divide(numerator: np.ndarray, denominator: np.ndarray, empty: float) -> np.ndarray:
    """Return the quotient, or `empty` where the denominator is 0."""
    out = np.full(np.shape(denominator), empty, dtype=float)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)


class Smoothing(ABC):
    """How the probability of a context is divided; see the module's equation."""

    # False: the order below is not consulted, only the uniform base.
    recursive: ClassVar[bool] = True
    # False: what comes out does not sum to one.
    is_distribution: ClassVar[bool] = True
    # True: orders below the highest count contexts instead of occurrences.
    continuation: ClassVar[bool] = False

    @property
    def unseen(self) -> float:
        """The back-off weight of a context that was never seen."""
        return 1.0

    @abstractmethod
    def split(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Return `kept`, shape (K,), and `backoff`, shape (C,), of one order."""

    def combine(
        self, kept: np.ndarray, backoff: np.ndarray, lower: np.ndarray
    ) -> np.ndarray:
        """Return p(w | h) from its two parts and p(w | h')."""
        return kept + backoff * lower

    def prepare(
        self, order: int, likelihoods: Callable[[np.ndarray], np.ndarray]
    ) -> "Smoothing":
        """Return this smoothing, ready for a model of that order.

        Args:
            order: The model's order.
            likelihoods: Gives for held-out ids, shape (T,), the maximum-likelihood
                estimates of orders 0..order, shape (T, order + 1); nan where the
                context was never seen.
        """
        return self


@dataclass(frozen=True)
class MLE(Smoothing):
    """Maximum likelihood: relative counts, and nothing for what was not seen.

    p(w | h) = c(hw) / c(h); after an unseen context that is 0 / 0, no number at all.
    """

    recursive: ClassVar[bool] = False

    @property
    def unseen(self) -> float:
        """Nothing is handed down."""
        return 0.0

    def split(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Keep everything."""
        kept = counts.ngrams / counts.totals[counts.context]
        return kept, np.zeros(counts.contexts)


@dataclass(frozen=True)
class AddK(Smoothing):
    """Pretend that every word was seen k times more (Laplace: 1; Lidstone: any k).

    p(w | h) = (c(hw) + k) / (c(h) + kV)
    """

    recursive: ClassVar[bool] = False
    k: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a k that is not above zero."""
        if not 0 < self.k < np.inf:
            raise ValueError(f"k must be above 0 and finite, not {self.k}")

    def split(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Give kV of a context's c(h) + kV pieces to the uniform base."""
        added = self.k * counts.vocabulary_size
        pieces = counts.totals + added
        return counts.ngrams / pieces[counts.context], added / pieces


@dataclass(frozen=True, eq=False)
class JelinekMercer(Smoothing):
    """A fixed mixture of all orders, its weights given or tuned on held-out text.

    p(w | h) = w_0 / V + w_1 c(w)/N + ... + w_n c(hw)/c(h). Where a context was never
    seen its order drops out and the others share its weight in proportion.

    Attributes:
        weights: Weight of each order, the uniform base first, n + 1 numbers that sum
            to one. None: tuned by expectation-maximisation on `held_out`.
        held_out: Token ids that are not in the training text, shape (T,).

    Source:
        [jelinek1980interpolated], with one weight for each order; the original has one
        for each order and range of context counts.
    """

    weights: tuple[float, ...] | None = None
    held_out: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse weights that are no mixture, and a choice that is none."""
        if (self.weights is None) == (self.held_out is None):
            raise ValueError("give either weights or held_out text, not both or none")
        if self.weights is None:
            return
        if not (min(self.weights, default=-1) >= 0 and isclose(sum(self.weights), 1)):
            raise ValueError(
                f"weights must be 0 or more and sum to 1, not {self.weights} "
                f"(sum {sum(self.weights):g})"
            )

    def prepare(
        self, order: int, likelihoods: Callable[[np.ndarray], np.ndarray]
    ) -> "JelinekMercer":
        """Return a mixture whose weights are known."""
        if self.weights is None:
            if len(self.held_out) == 0:
                raise ValueError("the held_out text is empty: no weights can be tuned")
            return JelinekMercer(tune_mixture(likelihoods(self.held_out)))
        if len(self.weights) != order + 1:
            raise ValueError(
                f"a mixture of order {order} has {order + 1} weights, the uniform "
                f"base first, not {len(self.weights)}: {self.weights}"
            )
        return self

    def split(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Keep this order's share of the weight of all orders up to it."""
        upto = sum(self.weights[: counts.order + 1])
        share = self.weights[counts.order] / upto if upto > 0 else 0.0
        kept = share * counts.ngrams / counts.totals[counts.context]
        return kept, np.full(counts.contexts, 1 - share)


def tune_mixture(likelihoods: np.ndarray, steps: int = 100) -> tuple[float, ...]:
    """Return the mixture weights that make the held-out text likeliest.

    Expectation-maximisation over the choice, at each order from the highest down,
    of staying there or passing on to the order below.

    Args:
        likelihoods: Estimates of each order, base first, shape (T, n + 1); nan
            where the context was never seen, so there is no choice to make.
        steps: Bound on the number of iterations.

    Returns:
        n + 1 weights that sum to one.
    """
    seen = ~np.isnan(likelihoods)
    p = np.where(seen, likelihoods, 0.0)
    stay = np.full(p.shape[1], 0.5)
    stay[0] = 1.0
    for _ in range(steps):
        # pass_on[t, k]: product of (1 - stay) over the orders above k that t can use
        leave = np.where(seen, 1 - stay, 1.0)[:, :0:-1]
        pass_on = np.cumprod(leave, axis=1)[:, ::-1]
        prior = np.where(seen, stay, 0.0)
        prior[:, :-1] *= pass_on  # (T, n + 1)
        posterior = prior * p
        posterior /= posterior.sum(axis=1, keepdims=True)
        reached = np.where(seen, np.cumsum(posterior, axis=1), 0.0)
        updated = divide(posterior.sum(axis=0), reached.sum(axis=0), empty=0.0)
        if np.abs(updated - stay).max() < 1e-7:
            break
        stay = updated
    weights = stay * np.append(np.cumprod((1 - stay)[:0:-1])[::-1], 1.0)
    return tuple(weights.tolist())


@dataclass(frozen=True)
class Recursive(Smoothing):
    """What the smoothers below share: where the recursion ends.

    Attributes:
        base: "uniform": at 1/V, so that every word of the vocabulary has some
            probability. "unigram": at the relative counts of single words (for
            Kneser-Ney, continuation counts), as NLTK does, so that a word never seen
            in training has none.
    """

    base: str = field(default="uniform", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a base that does not exist."""
        if self.base not in BASES:
            raise ValueError(f"base must be one of {BASES}, not {self.base!r}")

    def split(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Divide by the smoother's own rule, but for the last step to the base."""
        if counts.order == 1 and self.base == "unigram":
            kept = divide(counts.ngrams, counts.totals[counts.context], empty=0.0)
            return kept, np.zeros(1)
        return self.share(counts)

    @abstractmethod
    def share(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Return `kept` and `backoff` as `split` does."""


@dataclass(frozen=True)
class WittenBell(Recursive):
    """Hand down as much as the context has been surprised: once for each new word.

    kept = c(hw) / (c(h) + N), backoff = N / (c(h) + N), where N = N_1+(h .) is the
    number of distinct words seen after h.

    Source: [witten1991zero], method C, in the recursion of [chen1999empirical].
    """

    def share(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Count each distinct word as one event of novelty."""
        events = counts.totals + counts.types
        kept = divide(counts.ngrams, events[counts.context], empty=0.0)
        return kept, divide(counts.types, events, empty=1.0)


@dataclass(frozen=True)
class AbsoluteDiscounting(Recursive):
    """Take the same amount off every count, and hand all of it down.

    kept = (c(hw) - discount) / c(h), backoff = discount * N_1+(h .) / c(h), where
    N_1+(h .) is the number of distinct words seen after h.

    Attributes:
        discount: Counts taken off, 0 to 1. None: estimated for each order as
            n_1 / (n_1 + 2 n_2); 0.5 where no n-gram was seen once.

    Source: [ney1994structuring]
    """

    discount: float | None = None

    def __post_init__(self) -> None:
        """Refuse a discount below 0 or above 1."""
        super().__post_init__()
        if self.discount is not None and not 0 <= self.discount <= 1:
            raise ValueError(f"discount must be in 0..1, not {self.discount}")

    def discounts(self, counts: Counts) -> np.ndarray:
        """Return what is taken off counts of 1, of 2, and of 3 and more, shape (3,)."""
        if self.discount is not None:
            return np.full(3, self.discount)
        once, twice = counts.of_counts(1), counts.of_counts(2)
        return np.full(3, once / (once + 2 * twice) if once else 0.5)

    def share(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Take a discount off each count, never more than there is."""
        # Count 0 (possible for continuation counts) reads discounts[-1] and loses 0.
        taken = self.discounts(counts)[np.minimum(counts.ngrams, 3) - 1]
        taken = np.minimum(taken, counts.ngrams)
        kept = divide(counts.ngrams - taken, counts.totals[counts.context], empty=0.0)
        return kept, divide(counts.per_context(taken), counts.totals, empty=1.0)


@dataclass(frozen=True)
class KneserNey(AbsoluteDiscounting):
    """Absolute discounting whose lower orders count contexts, not occurrences.

    Below the highest order c(hw) is replaced by the number of distinct words that
    stand before hw: in how many ways the sequence is reached, not how often.

    Source: [kneser1995improved], interpolated as in [chen1999empirical].
    """

    continuation: ClassVar[bool] = True


@dataclass(frozen=True)
class ModifiedKneserNey(KneserNey):
    """Kneser-Ney with three discounts: for counts of 1, of 2, and of 3 and more.

    With Y = n_1 / (n_1 + 2 n_2) they are 1 - 2Y n_2/n_1, 2 - 3Y n_3/n_2 and
    3 - 4Y n_4/n_3. Where the counts of an order allow no such estimate (one of n_1 to
    n_4 is 0, or a discount is not above 0) it takes 0.5, 1 and 1.5, as
    [heafield2011kenlm]'s program does when it is told to.

    Source: [chen1999empirical], section on modified Kneser-Ney smoothing.
    """

    discount: None = field(default=None, init=False)

    def discounts(self, counts: Counts) -> np.ndarray:
        """Return what is taken off counts of 1, of 2, and of 3 and more, shape (3,)."""
        n = np.array([counts.of_counts(r) for r in (1, 2, 3, 4)], dtype=float)
        fallback = np.array([0.5, 1.0, 1.5])
        if n.min() == 0:
            return fallback
        y = n[0] / (n[0] + 2 * n[1])
        r = np.arange(1, 4)
        estimate = r - (r + 1) * y * n[1:] / n[:-1]
        return estimate if (estimate > 0).all() else fallback


@dataclass(frozen=True)
class StupidBackoff(Recursive):
    """Relative counts where there are any, else alpha times the shorter context's.

    Nothing is discounted to pay for what is handed down, and alpha is the same for
    every context: the scores after a context sum to more than one where it was seen,
    to less where it was not. So there is no perplexity.

    Attributes:
        alpha: Factor for each word of context dropped, above 0, at most 1.

    Source:
        [brants2007large], equation 5, which ends at relative counts
        (`base="unigram"`).
    """

    is_distribution: ClassVar[bool] = False
    alpha: float = 0.4

    def __post_init__(self) -> None:
        """Refuse an alpha out of range."""
        super().__post_init__()
        if not 0 < self.alpha <= 1:
            raise ValueError(f"alpha must be above 0 and at most 1, not {self.alpha}")

    @property
    def unseen(self) -> float:
        """An unseen context is a word of context dropped too."""
        return self.alpha

    def share(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Keep everything and hand down alpha besides."""
        kept = counts.ngrams / counts.totals[counts.context]
        return kept, np.full(counts.contexts, self.alpha)

    def combine(
        self, kept: np.ndarray, backoff: np.ndarray, lower: np.ndarray
    ) -> np.ndarray:
        """Look down only where nothing was seen."""
        return np.where(kept > 0, kept, backoff * lower)
