"""Our n-gram models beside NLTK's, probability by probability.

NLTK's recursion ends at the relative counts of single words and its discount is a
constant, so here `base="unigram"` and a given discount. Its vocabulary holds one word
more than it is given, `<UNK>`; ours has an id for that word too.
"""

import itertools

import numpy as np
import pytest

from companion.ngram import (
    MLE,
    AbsoluteDiscounting,
    AddK,
    KneserNey,
    NgramModel,
    StupidBackoff,
    WittenBell,
)

lm = pytest.importorskip("nltk.lm", reason="nltk is not installed: pip install nltk")
from nltk.util import everygrams  # noqa: E402

WORDS = [f"w{i}" for i in range(9)] + ["<UNK>"]  # w8 and <UNK> are never seen
SIZE = len(WORDS)
STRAIGHT = np.random.default_rng(0).integers(0, 8, 120).tolist()
ORDERS = (1, 2, 3)


def text_of(order):
    """The text, its first order - 1 words again at its end.

    NLTK's Kneser-Ney takes the number of words seen after a context from raw counts,
    but divides by continuation counts. The two differ at the text's very first words
    alone, which have no left neighbour; in a circle every word has one.
    """
    return STRAIGHT + STRAIGHT[: order - 1]


def nltk_model(model, ids, order):
    """Return an NLTK model fitted to the same text."""
    words = [WORDS[i] for i in ids]
    model.fit([list(everygrams(words, max_len=order))], vocabulary_text=WORDS[:-1])
    assert len(model.vocab) == SIZE
    return model


def assert_equal_to_nltk(theirs, ours, order):
    """Compare every word after every context of 0 and 1 words and 200 longer ones."""
    ids = text_of(order)
    theirs = nltk_model(theirs, ids, order)
    ours = NgramModel(order, ours).fit(ids, SIZE)
    rng = np.random.default_rng(1)
    contexts = [(), *itertools.product(range(SIZE), repeat=1)]
    contexts += [tuple(ids[i : i + 2]) for i in range(100)]
    contexts += [tuple(pair) for pair in rng.integers(0, SIZE, (100, 2)).tolist()]
    for context in (c for c in contexts if len(c) < order):
        names = tuple(WORDS[i] for i in context)
        expected = [theirs.score(word, names) for word in WORDS]
        found = ours.next_scores(context)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9, err_msg=names)


@pytest.mark.parametrize("order", ORDERS)
def test_maximum_likelihood_equals_nltk(order):
    assert_equal_to_nltk(lm.MLE(order), MLE(), order)


@pytest.mark.parametrize("order", ORDERS)
def test_add_one_equals_nltk(order):
    assert_equal_to_nltk(lm.Laplace(order), AddK(), order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("k", [0.01, 0.5])
def test_add_k_equals_nltk(k, order):
    assert_equal_to_nltk(lm.Lidstone(k, order), AddK(k), order)


@pytest.mark.parametrize("order", ORDERS)
def test_witten_bell_equals_nltk(order):
    theirs = lm.WittenBellInterpolated(order)
    assert_equal_to_nltk(theirs, WittenBell(base="unigram"), order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("discount", [0.1, 0.75])
def test_absolute_discounting_equals_nltk(discount, order):
    theirs = lm.AbsoluteDiscountingInterpolated(order, discount)
    ours = AbsoluteDiscounting(discount, base="unigram")
    assert_equal_to_nltk(theirs, ours, order)


@pytest.mark.parametrize("order", [2, 3])  # NLTK's divides by zero for order 1
@pytest.mark.parametrize("discount", [0.1, 0.75])
def test_kneser_ney_equals_nltk_on_a_circular_text(discount, order):
    theirs = lm.KneserNeyInterpolated(order, discount)
    ours = KneserNey(discount, base="unigram")
    assert_equal_to_nltk(theirs, ours, order)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("alpha", [0.4, 1.0])
def test_stupid_backoff_equals_nltk(alpha, order):
    theirs = lm.StupidBackoff(alpha, order)
    assert_equal_to_nltk(theirs, StupidBackoff(alpha, base="unigram"), order)


@pytest.mark.parametrize("order", ORDERS)
def test_a_text_has_the_perplexity_that_nltk_gives_it(order):
    theirs = nltk_model(lm.Laplace(order), text_of(order), order)
    ours = NgramModel(order, AddK()).fit(text_of(order), SIZE)
    ids = np.random.default_rng(2).integers(0, SIZE, 50)
    # NLTK wants the n-grams, short ones at the beginning.
    grams = [
        tuple(WORDS[i] for i in ids[max(0, t - order + 1) : t + 1]) for t in range(50)
    ]
    expected = theirs.perplexity(grams)
    assert ours.perplexity(ids) == pytest.approx(expected, rel=1e-9)


def test_on_a_straight_text_nltk_hands_down_too_much_after_the_first_word():
    ids = [0, 1, 0, 2]  # 0 1 has no left neighbour: its continuation count is 0
    theirs = nltk_model(lm.KneserNeyInterpolated(3, 0.75), ids, 3)
    # After 0 one continuation, 1 0 2: (1 - .75) / 1 is kept. NLTK hands down .75 for
    # each of the two words that came after 0, so .25 + 1.5; ours hands down .75.
    total = sum(theirs.score(word, ("w0",)) for word in WORDS)
    assert total == pytest.approx(1.75, rel=1e-12)
    ours = NgramModel(3, KneserNey(0.75, base="unigram")).fit(ids, SIZE)
    assert ours.distribution([0]).sum() == pytest.approx(1, rel=1e-12)


def test_on_a_straight_text_nltk_divides_by_zero_after_a_first_word_that_is_unique():
    ids = [0, 1, 2, 1]
    theirs = nltk_model(lm.KneserNeyInterpolated(3, 0.75), ids, 3)
    with pytest.raises(ZeroDivisionError):
        theirs.score("w1", ("w0",))
    ours = NgramModel(3, KneserNey(0.75, base="unigram")).fit(ids, SIZE)
    assert ours.distribution([0]).sum() == pytest.approx(1, rel=1e-12)
