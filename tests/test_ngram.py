"""Counting, scoring, sampling, and what `companion.ngram` refuses."""

import itertools
from collections import Counter

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
    count_ngrams,
)

SIZE = 6
# Words 0..3 at random; 4 stands only at the end; 5 is in the vocabulary, not the text.
TEXT = np.append(np.random.default_rng(0).integers(0, 4, 40), 4)
RIVER = [0, 1, 2, 0, 3, 1]  # the bank by the river bank
ORDERS = (1, 2, 3, 4)


def distributions(order):
    """Every smoothing that has one, with every base, for a model of that order."""
    weights = np.arange(1, order + 2) / np.arange(1, order + 2).sum()
    yield from (AddK(1.0), AddK(0.01), JelinekMercer(tuple(weights.tolist())))
    yield JelinekMercer(held_out=TEXT[:20])
    for base in ("uniform", "unigram"):
        yield from (WittenBell(base=base), ModifiedKneserNey(base=base))
        for discount in (None, 0.0, 0.75, 1.0):
            yield AbsoluteDiscounting(discount, base=base)
            yield KneserNey(discount, base=base)


def cases(*others):
    """(order, smoothing) for every distribution and the others, with readable ids."""
    return [
        pytest.param(order, smoothing, id=f"{order}-{smoothing!r}")
        for order in ORDERS
        for smoothing in (*distributions(order), *others)
    ]


def contexts(order):
    """Every context of 0 to order - 1 words: seen, partly seen and unseen."""
    for length in range(order):
        yield from itertools.product(range(SIZE), repeat=length)


def windows(ids, n):
    return [tuple(map(int, ids[i : i + n])) for i in range(len(ids) - n + 1)]


# Counting


@pytest.mark.parametrize("order", ORDERS)
def test_counts_of_every_order_are_those_of_a_dictionary_of_tuples(order):
    for n, level in enumerate(count_ngrams(TEXT, order, SIZE), start=1):
        naive = Counter(windows(TEXT, n))
        shorter = sorted(set(windows(TEXT, n - 1)))
        # Sorted tuples and sorted keys stand in the same order.
        keys = [shorter.index(gram[:-1]) * SIZE + gram[-1] for gram in sorted(naive)]
        assert level.keys.tolist() == keys
        assert level.counts.tolist() == [naive[gram] for gram in sorted(naive)]
        assert level.contexts == len(shorter)


def test_the_suffix_of_an_ngram_is_the_ngram_without_its_first_word():
    for n, level in enumerate(count_ngrams(TEXT, 4, SIZE), start=1):
        grams = sorted(set(windows(TEXT, n)))
        shorter = sorted(set(windows(TEXT, n - 1)))
        assert [shorter[i] for i in level.suffix] == [gram[1:] for gram in grams]


def test_counting_by_hand_the_six_tokens_of_the_river_bank():
    unigrams, bigrams = count_ngrams(np.array(RIVER), 2, 4)
    # the bank by the river bank: the 2, bank 2, by 1, river 1
    assert unigrams.counts.tolist() == [2, 2, 1, 1]
    # the bank = 0*4+1, the river = 0*4+3, bank by = 1*4+2, by the = 2*4+0,
    # river bank = 3*4+1; each stands there once
    assert bigrams.keys.tolist() == [1, 3, 6, 8, 13]
    assert bigrams.counts.tolist() == [1, 1, 1, 1, 1]
    assert bigrams.suffix.tolist() == [1, 3, 2, 0, 1]


def test_an_ngram_is_found_at_its_place_and_an_unseen_one_nowhere():
    _, bigrams = count_ngrams(np.array(RIVER), 2, 4)
    contexts = np.array([0, 0, 3, 3, -1])
    words = np.array([1, 2, 1, 3, 3])
    # the bank: first key; the by: no; river bank: last; river river: past the last;
    # an unseen context with a word whose key would be -1*4+3 = -1: no
    assert bigrams.find(contexts, words).tolist() == [0, -1, 4, -1, -1]
    assert bigrams.after(0) == slice(0, 2)  # the bank, the river


def test_a_text_shorter_than_the_order_has_empty_levels_above_its_length():
    levels = count_ngrams(np.array([1, 0]), 4, 2)
    assert [len(level.keys) for level in levels] == [2, 1, 0, 0]
    assert levels[2].find(np.array([0]), np.array([0])).tolist() == [-1]


def test_fitting_and_scoring_leave_their_input_as_it_was():
    before = TEXT.copy()
    held_out = TEXT[:20].copy()
    model = NgramModel(3, JelinekMercer(held_out=held_out)).fit(TEXT, SIZE)
    context = np.array([0, 1])
    model.score(TEXT), model.perplexity(TEXT), model.distribution(context)
    model.sample(5, np.random.default_rng(0), context)
    np.testing.assert_array_equal(TEXT, before)
    np.testing.assert_array_equal(held_out, before[:20])
    np.testing.assert_array_equal(context, [0, 1])


# Distributions and scores


@pytest.mark.parametrize(("order", "smoothing"), cases())
def test_every_distribution_sums_to_one_after_every_context(order, smoothing):
    model = NgramModel(order, smoothing).fit(TEXT, SIZE)
    for context in contexts(order):
        p = model.distribution(context)
        assert p.shape == (SIZE,)
        assert p.min() >= 0
        assert abs(p.sum() - 1) < 1e-12, context


@pytest.mark.parametrize("order", ORDERS)
def test_maximum_likelihood_sums_to_one_after_seen_contexts_and_refuses_others(order):
    model = NgramModel(order, MLE()).fit(TEXT, SIZE)
    for context in contexts(order):
        if context in windows(TEXT[:-1], len(context)):
            assert abs(model.distribution(context).sum() - 1) < 1e-12, context
        else:
            with pytest.raises(ValueError, match="0 / 0"):
                model.distribution(context)


@pytest.mark.parametrize(
    ("order", "smoothing"), cases(MLE(), StupidBackoff(), StupidBackoff(base="unigram"))
)
def test_a_score_is_the_logarithm_of_the_distribution_at_its_place(order, smoothing):
    model = NgramModel(order, smoothing).fit(TEXT, SIZE)
    ids = np.random.default_rng(1).integers(0, SIZE, 60)
    ids[:12] = TEXT[5:17]  # a stretch whose contexts were seen
    expected = [
        model.next_scores(ids[max(0, t - order + 1) : t])[ids[t]]
        for t in range(len(ids))
    ]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(model.score(ids), np.log(expected), rtol=1e-12)


def test_the_first_words_of_a_text_are_predicted_from_what_there_is():
    model = NgramModel(3, MLE()).fit(RIVER, 4)
    # p(the) = 2/6; p(bank | the) = 1/2; p(by | the bank) = 1/1; p(the | bank by) = 1
    scores = np.exp(model.score([0, 1, 2, 0]))
    np.testing.assert_allclose(scores, [2 / 6, 1 / 2, 1, 1], rtol=1e-12)


def test_log_prob_and_perplexity_are_sum_and_mean_of_the_scores():
    model = NgramModel(2, MLE()).fit(RIVER, 4)
    # p(the) p(bank | the) p(by | bank) = 2/6 * 1/2 * 1/1 = 1/6
    assert model.log_prob([0, 1, 2]) == pytest.approx(np.log(1 / 6), rel=1e-12)
    assert model.perplexity([0, 1, 2]) == pytest.approx(6 ** (1 / 3), rel=1e-12)
    assert model.log_prob([]) == 0
    # by by was never seen
    assert model.log_prob([2, 2]) == -np.inf
    assert model.perplexity([2, 2]) == np.inf


def test_before_training_says_anything_a_model_hesitates_among_all_words():
    # Add-k with a huge k forgets the counts: perplexity is V.
    model = NgramModel(3, AddK(1e12)).fit(TEXT, SIZE)
    assert model.perplexity(TEXT) == pytest.approx(SIZE, rel=1e-9)


@pytest.mark.parametrize(("order", "smoothing"), cases(StupidBackoff()))
def test_a_context_that_only_ends_the_text_counts_as_unseen(order, smoothing):
    model = NgramModel(order, smoothing).fit(TEXT, SIZE)
    # 4 is the last word and stands nowhere else: as a context it is as good as 5.
    for shorter in contexts(order - 1):
        np.testing.assert_array_equal(
            model.next_scores((*shorter, 4)), model.next_scores((*shorter, 5))
        )


@pytest.mark.parametrize("length", [1, 2])
def test_an_order_larger_than_the_text_adds_nothing(length):
    text = RIVER[:length]
    for small, large in zip(distributions(length + 1), distributions(7), strict=True):
        model = NgramModel(7, large).fit(text, 4)
        for p in (model.distribution(text), model.distribution([3] * 6)):
            assert abs(p.sum() - 1) < 1e-12, large
        if not isinstance(small, JelinekMercer):  # its weights depend on the order
            shorter = NgramModel(length + 1, small).fit(text, 4)
            np.testing.assert_allclose(
                shorter.score([0, 1, 2, 3]), model.score([0, 1, 2, 3]), rtol=1e-12
            )


def test_ids_may_come_as_a_list_or_in_any_whole_number_type():
    model = NgramModel(2, KneserNey()).fit(TEXT, SIZE)
    for dtype in (np.uint8, np.int16, np.uint64):
        same = NgramModel(2, KneserNey()).fit(TEXT.astype(dtype), SIZE)
        np.testing.assert_array_equal(
            model.score(TEXT.tolist()), same.score(TEXT.astype(dtype))
        )


def test_fitting_again_forgets_the_first_text():
    held_out = [0, 0, 1, 1, 0]
    fresh, again = (NgramModel(2, JelinekMercer(held_out=held_out)) for _ in range(2))
    fresh.fit([0, 0, 1, 1, 0], 3)
    again.fit([0, 1, 0, 1, 2, 1], 3).fit([0, 0, 1, 1, 0], 3)
    np.testing.assert_array_equal(again.score(held_out), fresh.score(held_out))


# Sampling


def test_the_same_generator_state_draws_the_same_words():
    model = NgramModel(3, KneserNey()).fit(TEXT, SIZE)
    draws = [model.sample(50, np.random.default_rng(s)) for s in (3, 3, 4)]
    assert draws[0].shape == (50,)
    assert draws[0].dtype == np.int64
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_words_are_drawn_as_often_as_the_distribution_says():
    model = NgramModel(2, KneserNey(0.5)).fit(TEXT, SIZE)
    text = model.sample(10_000, np.random.default_rng(0))
    for word in range(SIZE):
        after = text[1:][text[:-1] == word]
        expected = len(after) * model.distribution([word])
        found = np.bincount(after, minlength=SIZE)
        # 99.9% point of chi-square with 5 degrees of freedom: 20.5
        assert ((found - expected) ** 2 / expected).sum() < 20.5, word


def test_words_of_probability_zero_are_never_drawn():
    model = NgramModel(2, WittenBell(base="unigram")).fit([2, 1, 2, 2], 6)
    # Words 0 (before all others) and 3 to 5 (after them) have no probability.
    drawn = model.sample(1_000, np.random.default_rng(0))
    assert sorted(set(drawn.tolist())) == [1, 2]


def test_a_draw_of_exactly_zero_takes_the_first_possible_word():
    class Zero(np.random.Generator):
        def random(self):
            return 0.0

    model = NgramModel(1, MLE()).fit([2, 1, 2], 4)  # cumulative 0, 1/3, 1, 1
    assert model.sample(1, Zero(np.random.PCG64())).tolist() == [1]


def test_the_context_decides_the_first_word_and_is_not_returned():
    model = NgramModel(3, MLE()).fit([0, 1, 2, 3, 1, 4, 0], 5)
    rng = np.random.default_rng(0)
    # After 1 both 2 and 4 were seen; after 0 1 only 2, after 3 1 only 4.
    assert model.sample(2, rng, context=[0, 1]).tolist() == [2, 3]
    assert model.sample(2, rng, context=[3, 1]).tolist() == [4, 0]
    # A context may be longer than n - 1 here: it is a text that goes on.
    assert model.sample(1, rng, context=[4, 0, 3, 1]).tolist() == [4]
    assert model.sample(0, rng, context=[0, 1]).tolist() == []


# Bad input


@pytest.mark.parametrize("order", [0, -1, 2.5, "2", None])
def test_an_order_that_is_no_whole_number_above_zero_is_refused(order):
    with pytest.raises(ValueError, match=f"whole number above 0, not {order!r}"):
        NgramModel(order, MLE())


@pytest.mark.parametrize("smoothing", [MLE, "MLE", None, 0.5])
def test_what_is_no_smoothing_is_refused_by_name(smoothing):
    with pytest.raises(ValueError, match="must be a Smoothing, not "):
        NgramModel(2, smoothing)


@pytest.mark.parametrize("size", [0, -3, 2.5, "6"])
def test_a_vocabulary_size_that_is_no_whole_number_above_zero_is_refused(size):
    with pytest.raises(ValueError, match=f"vocabulary_size .* not {size!r}"):
        NgramModel(2, MLE()).fit(TEXT, size)


CALLS = {
    "fit": lambda model, ids: model.fit(ids, SIZE),
    "score": lambda model, ids: model.score(ids),
    "log_prob": lambda model, ids: model.log_prob(ids),
    "perplexity": lambda model, ids: model.perplexity(ids),
    "distribution": lambda model, ids: model.distribution(ids),
    "next_scores": lambda model, ids: model.next_scores(ids),
    "sample": lambda model, ids: model.sample(1, np.random.default_rng(0), ids),
    "held_out": lambda model, ids: NgramModel(2, JelinekMercer(held_out=ids)).fit(
        TEXT, SIZE
    ),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 1, SIZE], r"id 6 at position 2 is outside the vocabulary 0\.\.5"),
        ([0, -1, 1, -2], r"id -1 at position 1 is outside the vocabulary 0\.\.5"),
        ([0.0, 1.0], r"whole numbers in one dimension, not float64 of shape \(2,\)"),
        ([[0, 1]], r"whole numbers in one dimension, not int64 of shape \(1, 2\)"),
        (["the"], r"whole numbers in one dimension, not <U3"),
    ],
)
def test_ids_that_are_none_are_refused_and_named(call, ids, message):
    model = NgramModel(5, AddK()).fit(TEXT, SIZE)
    with pytest.raises(ValueError, match=message):
        CALLS[call](model, ids)


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"fit", "held_out"}))
def test_a_model_that_was_not_fitted_says_so(call):
    with pytest.raises(ValueError, match="has not been fitted"):
        CALLS[call](NgramModel(2, AddK()), [0])


@pytest.mark.parametrize("bad", [[], [0, 9]])
def test_a_fit_that_was_refused_leaves_the_model_as_it_was(bad):
    model = NgramModel(2, AddK())
    with pytest.raises(ValueError, match="empty|outside"):
        model.fit(bad, 3)
    with pytest.raises(ValueError, match="has not been fitted"):
        model.score([0])
    before = model.fit(TEXT, SIZE).score(TEXT)
    with pytest.raises(ValueError, match="empty|outside"):
        model.fit(bad, 3)
    np.testing.assert_array_equal(model.score(TEXT), before)


def test_an_empty_corpus_is_refused():
    for empty in ([], np.zeros(0, dtype=np.int64)):
        with pytest.raises(ValueError, match="training text is empty"):
            NgramModel(2, AddK()).fit(empty, SIZE)


def test_an_empty_text_has_no_perplexity():
    model = NgramModel(2, AddK()).fit(TEXT, SIZE)
    with pytest.raises(ValueError, match="empty.*undefined"):
        model.perplexity([])


@pytest.mark.parametrize("order", ORDERS)
def test_a_context_longer_than_the_order_allows_is_refused(order):
    model = NgramModel(order, AddK()).fit(TEXT, SIZE)
    message = f"context of {order} words .* order {order} looks {order - 1} back"
    for call in (model.distribution, model.next_scores):
        with pytest.raises(ValueError, match=message):
            call([0] * order)


def test_keys_that_would_overflow_are_refused():
    # 2 tokens * 2^62 words = 2^63, one more than an int64 can hold
    message = f"2 tokens times {2**62} words overflow"
    for size in (2**62, np.int64(2**62)):
        with pytest.raises(ValueError, match=message):
            NgramModel(1, MLE()).fit([0, 1], size)
    assert NgramModel(2, MLE()).fit([0, 1], 2**61).log_prob([0, 1]) == np.log(0.5)


def test_maximum_likelihood_after_an_unseen_context_names_the_context():
    model = NgramModel(3, MLE()).fit(RIVER, 4)
    message = r"nothing was seen after the context .*3.*2.*0 / 0"
    with pytest.raises(ValueError, match=message):
        model.distribution([3, 2])
    with pytest.raises(ValueError, match=message):
        model.sample(1, np.random.default_rng(0), context=[3, 2])


@pytest.mark.parametrize("call", ["perplexity", "log_prob", "distribution", "sample"])
def test_stupid_backoff_refuses_what_needs_probabilities_and_says_why(call):
    model = NgramModel(2, StupidBackoff()).fit(TEXT, SIZE)
    with pytest.raises(ValueError, match=r"StupidBackoff.*scores that do not sum to"):
        CALLS[call](model, [0])


def test_stupid_backoff_scores_do_not_sum_to_one():
    model = NgramModel(2, StupidBackoff(0.4, base="unigram")).fit(RIVER, 4)
    # after "the" (0): bank 1/2, river 1/2, the .4 * 2/6, by .4 * 1/6: sum 1.2
    np.testing.assert_allclose(
        model.next_scores([0]), [0.8 / 6, 1 / 2, 0.4 / 6, 1 / 2], rtol=1e-12
    )
    assert model.next_scores([0]).sum() == pytest.approx(1.2, rel=1e-12)


@pytest.mark.parametrize("generator", [7, None, np.random])
def test_a_source_of_draws_that_is_no_generator_is_refused(generator):
    model = NgramModel(1, MLE()).fit([0, 1], 2)
    with pytest.raises(ValueError, match="generator must be a numpy Generator"):
        model.sample(3, generator)
