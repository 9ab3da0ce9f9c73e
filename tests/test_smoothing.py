"""Each smoothing against its paper's equation, by hand and by dictionary."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest

from companion.ngram import (
    MLE,
    AbsoluteDiscounting,
    AddK,
    JelinekMercer,
    KneserNey,
    ModifiedKneserNey,
    NgramModel,
    StupidBackoff,
    WittenBell,
)
from companion.smoothing import Counts, tune_mixture

SIZE = 60  # words 0..58 may stand in the text, 59 never does
RIVER = [0, 1, 2, 0, 3, 1]  # the bank by the river bank


def zipf(seed, length):
    p = 1 / np.arange(1.0, SIZE)
    return np.random.default_rng(seed).choice(SIZE - 1, length, p=p / p.sum()).tolist()


TEXT = zipf(0, 600)
# Seen contexts, then contexts seen in part, then words never seen.
PROBE = TEXT[100:130] + zipf(1, 60) + [59, 59, 59, 0, 0]


# The slow and obvious way: dictionaries of tuples, one rule for each paper.


def count(text, order, continuation=False):
    """Return counts[k][h][w]: how often w came after the k words h.

    With `continuation`, below the highest order: after how many distinct words hw came.
    """
    levels = []
    for n in range(1, order + 1):
        grams = Counter(zip(*(text[i:] for i in range(n)), strict=False))
        if continuation and n < order:
            longer = set(zip(*(text[i:] for i in range(n + 1)), strict=False))
            grams = Counter(gram[1:] for gram in longer)
        after = defaultdict(dict)
        for gram, times in grams.items():
            after[gram[:-1]][gram[-1]] = times
        levels.append(after)
    return levels


def slow(levels, rule, base, context, word):
    """p(word | context): the rule, from the longest context down to the base."""
    after = levels[len(context)].get(context, {})
    if not context and base == "unigram":
        return after.get(word, 0) / sum(after.values())
    lower = slow(levels, rule, base, context[1:], word) if context else 1 / SIZE
    everything = [c for each in levels[len(context)].values() for c in each.values()]
    return rule(after, word, lower, everything)


def witten_bell(after, word, lower, everything):
    # (c(hw) + T(h) p(w | h')) / (c(h) + T(h))
    if not after:
        return lower
    total, types = sum(after.values()), len(after)
    return (after.get(word, 0) + types * lower) / (total + types)


def absolute(after, word, lower, everything):
    # max(c(hw) - D, 0) / c(h) + D T(h) / c(h) p(w | h'), D = n1 / (n1 + 2 n2)
    if not after:
        return lower
    once, twice = everything.count(1), everything.count(2)
    discount = once / (once + 2 * twice)
    total = sum(after.values())
    rest = discount * len(after) / total
    return max(after.get(word, 0) - discount, 0) / total + rest * lower


def modified(after, word, lower, everything):
    # (c - D(c)) / c(h) + (D1 N1(h) + D2 N2(h) + D3+ N3+(h)) / c(h) p(w | h')
    if not after:
        return lower
    discount = three_discounts(*(everything.count(r) for r in (1, 2, 3, 4)))
    taken = {w: discount[min(c, 3) - 1] for w, c in after.items()}
    total = sum(after.values())
    kept = (after[word] - taken[word]) / total if word in after else 0
    return kept + sum(taken.values()) / total * lower


def three_discounts(n1, n2, n3, n4):
    if 0 in (n1, n2, n3, n4):
        return 0.5, 1.0, 1.5
    y = n1 / (n1 + 2 * n2)
    three = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    good = all(0 < d <= r for r, d in enumerate(three, start=1))
    return three if good else (0.5, 1.0, 1.5)


def stupid(after, word, lower, everything):
    # c(hw) / c(h) if there is one, else 0.4 S(w | h')
    return after[word] / sum(after.values()) if word in after else 0.4 * lower


def add_tenth(after, word, lower, everything):
    # (c(hw) + k) / (c(h) + kV); the order below has no say
    return (after.get(word, 0) + 0.1) / (sum(after.values()) + 0.1 * SIZE)


def likelihood(after, word, lower, everything):
    # c(hw) / c(h), and 0 where that is 0 / 0
    return after.get(word, 0) / max(sum(after.values()), 1)


def mixture(levels, weights, context, word):
    """w_0 / V + w_1 c(w)/N + ...; orders never seen share their weight out."""
    parts = [(weights[0], 1 / SIZE)]
    for k in range(len(context) + 1):
        after = levels[k].get(context[len(context) - k :], {})
        if after:
            parts.append((weights[k + 1], after.get(word, 0) / sum(after.values())))
    return sum(w * p for w, p in parts) / sum(w for w, _ in parts)


def agrees(model, p):
    """Assert that scores and next_scores of the probe are p(context, word)."""
    reach = model.order - 1
    pairs = [(tuple(PROBE[max(0, t - reach) : t]), w) for t, w in enumerate(PROBE)]
    expected = [p(context, word) for context, word in pairs]
    np.testing.assert_allclose(np.exp(model.score(PROBE)), expected, rtol=1e-12)
    for context in {context for context, _ in pairs[::9]}:
        row = [p(context, word) for word in range(SIZE)]
        np.testing.assert_allclose(model.next_scores(context), row, rtol=1e-12)


RULES = {
    WittenBell: witten_bell,
    AbsoluteDiscounting: absolute,
    KneserNey: absolute,
    ModifiedKneserNey: modified,
    StupidBackoff: stupid,
}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("base", ["uniform", "unigram"])
@pytest.mark.parametrize("smoothing", RULES, ids=lambda s: s.__name__)
def test_recursive_smoothings_equal_their_papers_on_dictionaries(
    smoothing, base, order
):
    levels = count(TEXT, order, smoothing in (KneserNey, ModifiedKneserNey))
    model = NgramModel(order, smoothing(base=base)).fit(TEXT, SIZE)
    agrees(model, lambda h, w: slow(levels, RULES[smoothing], base, h, w))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("smoothing", "rule"), [(AddK(0.1), add_tenth), (MLE(), likelihood)]
)
def test_smoothings_of_one_order_equal_their_papers_on_dictionaries(
    smoothing, rule, order
):
    levels = count(TEXT, order)
    model = NgramModel(order, smoothing).fit(TEXT, SIZE)
    with np.errstate(divide="ignore"):
        agrees(model, lambda h, w: slow(levels, rule, "uniform", h, w))


@pytest.mark.parametrize("weights", [(0.1, 0.9), (0.2, 0.3, 0.5), (0.1, 0.5, 0, 0.4)])
def test_jelinek_mercer_equals_the_mixture_on_dictionaries(weights):
    order = len(weights) - 1
    levels = count(TEXT, order)
    model = NgramModel(order, JelinekMercer(weights)).fit(TEXT, SIZE)
    agrees(model, lambda h, w: mixture(levels, weights, h, w))


def test_the_text_exercises_both_estimated_and_fallback_discounts():
    # Otherwise the comparison above would say little about modified Kneser-Ney.
    three = ModifiedKneserNey()
    found = set()
    for order in (1, 2, 3, 4):
        model = NgramModel(order, three).fit(TEXT, SIZE)
        found |= {tuple(three.discounts(c).round(6).tolist()) for c in model.counts}
    assert (0.5, 1.0, 1.5) in found
    assert len(found) >= 4


# Order 1 by hand: counts 3, 2, 1 and 0 in six words, V = 4

LETTERS = [0, 0, 1, 0, 1, 2]
BY_HAND = {
    # c / 6
    MLE(): [3 / 6, 2 / 6, 1 / 6, 0],
    # (c + 1) / (6 + 4)
    AddK(1): [4 / 10, 3 / 10, 2 / 10, 1 / 10],
    # 0.2 / 4 + 0.8 c / 6
    JelinekMercer((0.2, 0.8)): [0.45, 0.05 + 1.6 / 6, 0.05 + 0.8 / 6, 0.05],
    # (c + 3/4) / (6 + 3)
    WittenBell(): [3.75 / 9, 2.75 / 9, 1.75 / 9, 0.75 / 9],
    # n1 = n2 = 1: D = 1/3; taken 3 * 1/3 = 1 of 6, a quarter of it each
    AbsoluteDiscounting(): [
        (3 - 1 / 3 + 1 / 4) / 6,
        (2 - 1 / 3 + 1 / 4) / 6,
        (1 - 1 / 3 + 1 / 4) / 6,
        1 / 24,
    ],
    # the highest order counts occurrences, so order 1 is absolute discounting
    KneserNey(0.5): [2.875 / 6, 1.875 / 6, 0.875 / 6, 0.375 / 6],
    # n4 = 0: 0.5, 1 and 1.5 off counts 1, 2 and 3; 3 of 6 taken, a quarter each
    ModifiedKneserNey(): [2.25 / 6, 1.75 / 6, 1.25 / 6, 0.75 / 6],
    # 0.4 / 4 for the word not seen
    StupidBackoff(0.4): [3 / 6, 2 / 6, 1 / 6, 0.1],
}


@pytest.mark.parametrize("smoothing", BY_HAND, ids=repr)
def test_order_one_by_hand(smoothing):
    model = NgramModel(1, smoothing).fit(LETTERS, 4)
    np.testing.assert_allclose(
        model.next_scores(()), BY_HAND[smoothing], rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("smoothing", RULES, ids=lambda s: s.__name__)
def test_order_one_with_the_unigram_base_is_maximum_likelihood(smoothing):
    model = NgramModel(1, smoothing(base="unigram")).fit(LETTERS, 4)
    np.testing.assert_allclose(model.next_scores(()), [3 / 6, 2 / 6, 1 / 6, 0])


# Limits


def test_add_k_tends_to_maximum_likelihood_or_uniform_as_k_vanishes():
    tiny, mle = (NgramModel(2, s).fit(RIVER, 4) for s in (AddK(1e-12), MLE()))
    for word in range(4):
        np.testing.assert_allclose(
            tiny.distribution([word]), mle.distribution([word]), atol=1e-11
        )
    unseen = NgramModel(2, AddK(1e-12)).fit(RIVER, 5).distribution([4])
    np.testing.assert_allclose(unseen, np.full(5, 1 / 5), rtol=1e-12)


@pytest.mark.parametrize("base", ["uniform", "unigram"])
@pytest.mark.parametrize("smoothing", [AbsoluteDiscounting, KneserNey])
def test_a_discount_of_zero_is_maximum_likelihood_after_seen_contexts(smoothing, base):
    zero = NgramModel(3, smoothing(0.0, base=base)).fit(RIVER, 4)
    mle = NgramModel(3, MLE()).fit(RIVER, 4)
    for context in zip(RIVER[:-2], RIVER[1:-1], strict=True):
        np.testing.assert_allclose(
            zero.distribution(context), mle.distribution(context), rtol=1e-12
        )


def test_a_mixture_of_one_order_is_that_order():
    uniform, unigram, bigram = np.eye(3).tolist()
    p = {
        name: NgramModel(2, JelinekMercer(tuple(w))).fit(RIVER, 5).distribution([0])
        for name, w in (("uniform", uniform), ("unigram", unigram), ("bigram", bigram))
    }
    np.testing.assert_allclose(p["uniform"], np.full(5, 1 / 5))
    np.testing.assert_allclose(p["unigram"], [2 / 6, 2 / 6, 1 / 6, 1 / 6, 0])
    np.testing.assert_allclose(p["bigram"], [0, 1 / 2, 0, 1 / 2, 0])


# Kneser-Ney by hand


def test_kneser_ney_by_hand_with_the_uniform_base():
    model = NgramModel(2, KneserNey(0.5)).fit(RIVER, 5)
    # "the bank by the river bank", and a fifth word that never comes.
    # Continuation counts: the 1 (by), bank 2 (the, river), by 1 (bank), river 1
    # (the): 5 in all, 4 discounted by 1/2, so 4 * 0.5 / 5 = 0.4 for the base 1/5:
    # p(the) = (1 - 0.5) / 5 + 0.4 / 5 = 0.18; p(bank) = 1.5 / 5 + 0.08 = 0.38
    np.testing.assert_allclose(
        model.distribution(()), [0.18, 0.38, 0.18, 0.18, 0.08], rtol=1e-12
    )
    # After "the": bank 1, river 1, 2 in all; 0.5 * 2 / 2 = 0.5 is handed down:
    # p(bank | the) = 0.5 / 2 + 0.5 * 0.38 = 0.44; p(by | the) = 0.5 * 0.18 = 0.09
    np.testing.assert_allclose(
        model.distribution([0]), [0.09, 0.44, 0.09, 0.34, 0.04], rtol=1e-12
    )


def test_kneser_ney_by_hand_with_the_unigram_base():
    model = NgramModel(2, KneserNey(0.5, base="unigram")).fit(RIVER, 5)
    # The recursion ends at the continuation counts, undiscounted: 1, 2, 1, 1 of 5.
    np.testing.assert_allclose(
        model.distribution(()), [0.2, 0.4, 0.2, 0.2, 0], rtol=1e-12
    )
    # p(bank | the) = 0.5 / 2 + 0.5 * 0.4 = 0.45; p(by | the) = 0.5 * 0.2 = 0.1
    np.testing.assert_allclose(
        model.distribution([0]), [0.1, 0.45, 0.1, 0.35, 0], rtol=1e-12
    )


def test_with_every_word_seen_both_bases_agree_on_the_river_bank():
    # V = 4: each word gives 0.5 / 5 and gets 0.4 / 4 back, so nothing changes.
    one, other = (KneserNey(0.5, base=base) for base in ("uniform", "unigram"))
    for context in ((), (0,), (1,), (2,), (3,)):
        np.testing.assert_allclose(
            NgramModel(2, one).fit(RIVER, 4).distribution(context),
            NgramModel(2, other).fit(RIVER, 4).distribution(context),
            rtol=1e-12,
        )


def test_a_word_of_one_context_is_rare_for_kneser_ney_however_often_it_came():
    # Francisco (1) comes four times, always after San (0); glasses (2) thrice,
    # after three words. So the novel context 3 prefers glasses, by 3 : 1.
    text = [0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 2, 4, 2]
    kept = NgramModel(2, KneserNey(0.0)).fit(text, 6).distribution([5])
    counted = NgramModel(2, AbsoluteDiscounting(0.0)).fit(text, 6).distribution([5])
    assert counted[1] / counted[2] == pytest.approx(4 / 3)
    assert kept[1] / kept[2] == pytest.approx(1 / 3)


@pytest.mark.parametrize("base", ["uniform", "unigram"])
@pytest.mark.parametrize("smoothing", [KneserNey, ModifiedKneserNey])
def test_a_text_of_one_word_has_no_continuations_and_still_distributions(
    smoothing, base
):
    # No word stands before the only one: its continuation count is 0, of 0.
    model = NgramModel(2, smoothing(base=base)).fit([0], 2)
    for context in ((), (0,), (1,)):
        assert abs(model.distribution(context).sum() - 1) < 1e-12


# Discounts


def of_counts(*n, order=1):
    """Counts with n[0] n-grams of count 1, n[1] of count 2, ..."""
    ngrams = np.repeat(np.arange(1, len(n) + 1), n)
    return Counts(order, ngrams, np.zeros_like(ngrams), 1, len(ngrams))


def test_one_discount_is_estimated_from_the_counts_of_counts():
    # 6 / (6 + 2 * 3) = 1/2
    np.testing.assert_allclose(KneserNey().discounts(of_counts(6, 3)), [0.5] * 3)
    # nothing seen twice: 6 / 6 = 1; nothing seen once: 0.5
    np.testing.assert_allclose(KneserNey().discounts(of_counts(6)), [1.0] * 3)
    np.testing.assert_allclose(KneserNey().discounts(of_counts(0, 3)), [0.5] * 3)
    np.testing.assert_allclose(KneserNey(0.7).discounts(of_counts(6, 3)), [0.7] * 3)


def test_three_discounts_by_hand():
    # n = 20, 5, 3, 2: Y = 20 / (20 + 10) = 2/3
    # D1 = 1 - 2 * 2/3 * 5/20 = 2/3; D2 = 2 - 3 * 2/3 * 3/5 = 4/5
    # D3 = 3 - 4 * 2/3 * 2/3 = 11/9
    np.testing.assert_allclose(
        ModifiedKneserNey().discounts(of_counts(20, 5, 3, 2, 7)),
        [2 / 3, 4 / 5, 11 / 9],
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    "n",
    [
        (0, 5, 3, 2),
        (20, 0, 3, 2),
        (20, 5, 0, 2),
        (20, 5, 3, 0),
        # Y = 2/3; D2 = 2 - 3 * 2/3 * 5/5 = 0: nothing would be taken off
        (20, 5, 5, 2),
        # D3 = 3 - 4 * 2/3 * 6/3 = -7/3: more than the count would be kept
        (20, 5, 3, 6),
    ],
)
def test_three_discounts_fall_back_where_no_estimate_is_possible(n):
    found = ModifiedKneserNey().discounts(of_counts(*n))
    assert found.tolist() == [0.5, 1.0, 1.5]


def test_what_a_discount_takes_is_handed_down_to_the_last_piece():
    counts = Counts(
        order=2,
        ngrams=np.array([0, 1, 2, 9, 1]),
        context=np.array([0, 0, 0, 0, 1]),
        contexts=3,
        vocabulary_size=9,
    )
    # n4 = 0, so 0.5, 1 and 1.5: context 0 keeps 0, 0.5, 1 and 7.5 of 12, hands down 3
    # of 12; context 1 keeps half; context 2, followed by nothing, hands down all.
    kept, backoff = ModifiedKneserNey().split(counts)
    np.testing.assert_allclose(kept, [0, 0.5 / 12, 1 / 12, 7.5 / 12, 0.5])
    np.testing.assert_allclose(backoff, [3 / 12, 0.5, 1])


# Jelinek-Mercer: tuning


def rows(seed, length=80, orders=3):
    """Likelihoods of each order, base first; the highest nan where not seen."""
    rng = np.random.default_rng(seed)
    p = rng.random((length, orders + 1)) * (rng.random((length, orders + 1)) < 0.6)
    p[:, 0] = 0.05
    seen = rng.integers(1, orders + 2, length)
    p[np.arange(orders + 1) >= seen[:, None]] = np.nan
    return p


def log_likelihood(p, weights):
    """Of all rows; where an order is nan the others share its weight."""
    seen = ~np.isnan(p)
    total = (np.where(seen, p, 0) * weights).sum(axis=1)
    return np.log(total / (seen * weights).sum(axis=1)).sum()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_tuned_weights_are_not_beaten_by_any_on_a_grid(seed):
    p = rows(seed, orders=2)
    best = log_likelihood(p, np.array(tune_mixture(p)))
    steps = np.linspace(0.01, 0.99, 99)
    grid = [
        log_likelihood(p, np.array([1 - a - b, a, b]))
        for a, b in itertools.product(steps, steps)
        if a + b < 0.995
    ]
    assert max(grid) <= best + 1e-9
    assert max(grid) > best - 0.05


@pytest.mark.parametrize("seed", [3, 4])
def test_moving_weight_from_one_order_to_another_makes_held_out_text_less_likely(seed):
    p = rows(seed)
    weights = np.array(tune_mixture(p))
    assert weights.min() > 0.01
    best = log_likelihood(p, weights)
    for giver, taker in itertools.permutations(range(len(weights)), 2):
        moved = weights.copy()
        moved[giver] -= 0.005
        moved[taker] += 0.005
        assert log_likelihood(p, moved) < best, (giver, taker)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_step_of_the_tuning_lowers_the_likelihood(seed):
    p = rows(seed)
    path = [
        log_likelihood(p, np.array(tune_mixture(p, steps))) for steps in range(1, 40)
    ]
    assert np.diff(path).min() > -1e-9
    assert path[-1] > path[0] + 0.1


def test_the_weights_of_two_orders_by_hand():
    # p = 1/4 (w0 + 4 w1) three times and 1/4 w0 once; maximise 3 ln(w0 + 4 w1) + ln w0
    # with w0 = 1 - w1: 9 / (1 + 3 w1) = 1 / (1 - w1), so w1 = 8/12
    p = np.array([[0.25, 1.0]] * 3 + [[0.25, 0.0]])
    np.testing.assert_allclose(tune_mixture(p), [1 / 3, 2 / 3], atol=1e-6)


def test_an_order_that_held_out_text_never_reaches_gets_no_weight():
    p = np.array([[0.25, 1.0, np.nan]] * 3 + [[0.25, 0.0, np.nan]])
    np.testing.assert_allclose(tune_mixture(p), [1 / 3, 2 / 3, 0], atol=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_model_tunes_on_held_out_text_better_than_any_given_weights(order):
    train, held_out = zipf(5, 400), zipf(6, 150)
    tuned = NgramModel(order, JelinekMercer(held_out=held_out)).fit(train, SIZE)
    weights = tuned.smoothing.weights
    assert len(weights) == order + 1
    assert abs(sum(weights) - 1) < 1e-12
    best = tuned.log_prob(held_out)
    for given in itertools.product(range(6), repeat=order + 1):
        if sum(given) == 5 and given[0] > 0:  # in fifths; else unseen words cost all
            other = JelinekMercer(tuple(part / 5 for part in given))
            model = NgramModel(order, other).fit(train, SIZE)
            assert model.log_prob(held_out) <= best + 1e-6, given


def test_likelihoods_for_the_tuning_are_nan_where_the_context_was_never_seen():
    seen = {}

    class Spy(JelinekMercer):
        def prepare(self, order, likelihoods):
            seen["p"] = likelihoods([0, 1, 1, 2])
            return super().prepare(order, likelihoods)

    NgramModel(3, Spy((0.25,) * 4)).fit(RIVER, 5)
    nan = np.nan
    # the: 2/6, no words before; bank: 2/6, after the 1/2; bank: after bank 0/1, after
    # the bank 0/1; by: after bank 1/1; "bank bank" was never seen, so 0 / 0
    np.testing.assert_allclose(
        seen["p"],
        [
            [0.2, 2 / 6, nan, nan],
            [0.2, 2 / 6, 1 / 2, nan],
            [0.2, 2 / 6, 0, 0],
            [0.2, 1 / 6, 1, nan],
        ],
    )


# Bad input


@pytest.mark.parametrize("k", [0, -0.5, np.inf, np.nan])
def test_a_k_that_is_not_above_zero_is_refused(k):
    with pytest.raises(ValueError, match=f"k must be above 0 and finite, not {k}"):
        AddK(k)


@pytest.mark.parametrize("discount", [-0.1, 1.5, np.nan])
@pytest.mark.parametrize("smoothing", [AbsoluteDiscounting, KneserNey])
def test_a_discount_out_of_range_is_refused(smoothing, discount):
    with pytest.raises(
        ValueError, match=rf"discount must be in 0\.\.1, not {discount}"
    ):
        smoothing(discount)


@pytest.mark.parametrize("alpha", [0, -0.4, 1.1, np.nan])
def test_an_alpha_out_of_range_is_refused(alpha):
    with pytest.raises(ValueError, match=f"alpha must be above 0 .* not {alpha}"):
        StupidBackoff(alpha)


@pytest.mark.parametrize("smoothing", RULES, ids=lambda s: s.__name__)
def test_an_unknown_base_is_refused(smoothing):
    with pytest.raises(ValueError, match="'uniform', 'unigram'.*not 'bigram'"):
        smoothing(base="bigram")


@pytest.mark.parametrize(
    ("weights", "named"),
    [
        ((0.5, 0.4), r"\(0\.5, 0\.4\) \(sum 0\.9\)"),
        ((1.5, -0.5), r"\(1\.5, -0\.5\)"),
        ((0.5, np.nan, 0.5), "nan"),
        ((), r"\(\)"),
    ],
)
def test_weights_that_are_no_mixture_are_refused(weights, named):
    with pytest.raises(ValueError, match=f"weights must .*{named}"):
        JelinekMercer(weights)


def test_a_mixture_wants_either_weights_or_held_out_text():
    with pytest.raises(ValueError, match="either weights or held_out"):
        JelinekMercer()
    with pytest.raises(ValueError, match="either weights or held_out"):
        JelinekMercer((0.5, 0.5), held_out=np.array([0]))


@pytest.mark.parametrize("order", [1, 3])
def test_a_mixture_of_the_wrong_length_for_the_order_is_refused(order):
    message = f"order {order} has {order + 1} weights.* not 3: "
    with pytest.raises(ValueError, match=message):
        NgramModel(order, JelinekMercer((0.2, 0.3, 0.5))).fit(RIVER, 4)


def test_held_out_text_without_a_word_is_refused():
    with pytest.raises(ValueError, match="held.out.*empty"):
        NgramModel(2, JelinekMercer(held_out=np.array([], dtype=int))).fit(RIVER, 4)
