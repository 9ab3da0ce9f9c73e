"""The two questions of a language model, where the answers are known."""

import numpy as np
import pytest

from companion import field
from companion.experiments import questions
from companion.ngram import KneserNey, NgramModel
from companion.text import Vocabulary


def split_of(train, valid, test, size):
    vocabulary = Vocabulary(tuple(f"w{i}" for i in range(size)))
    return field.BengioSplit(
        vocabulary, *(np.array(ids) for ids in (train, valid, test))
    )


def zipf(seed, length, size=20):
    p = 1 / np.arange(1.0, size + 1)
    return np.random.default_rng(seed).choice(size, length, p=p / p.sum())


def fit(split, order, discount=None):
    model = NgramModel(order, KneserNey(discount))
    return model.fit(split.train, len(split.vocabulary))


SPLIT = split_of(zipf(0, 3_000), zipf(1, 600), zipf(2, 400), 20)


# Which of two?


def test_a_model_of_order_one_cannot_tell_swapped_words(monkeypatch):
    monkeypatch.setattr(questions, "SENTENCES", 30)
    sentences = list(SPLIT.test.reshape(-1, 10))
    model = fit(SPLIT, 1)
    assert all(
        questions.swapped_share(model, sentences, seed) == 0.5 for seed in range(5)
    )


def test_swapped_words_are_found_where_the_order_of_words_is_fixed(monkeypatch):
    monkeypatch.setattr(questions, "SENTENCES", 10)
    cycle = np.arange(300) % 10
    split = split_of(cycle, cycle, cycle, 10)
    forwards = [np.roll(np.arange(10), r) for r in range(10)]
    model = fit(split, 2, 0.5)
    assert questions.swapped_share(model, forwards, 0) == 1
    # Read backwards no pair was ever seen, and a swap makes one pair that was.
    assert questions.swapped_share(model, [s[::-1] for s in forwards], 0) == 0


def test_no_sentence_is_swapped_twice(monkeypatch):
    monkeypatch.setattr(questions, "SENTENCES", 10)
    cycle = np.arange(300) % 10
    model = fit(split_of(cycle, cycle, cycle, 10), 2, 0.5)
    forwards = [np.roll(np.arange(10), r) for r in range(5)]
    # Five won and five lost, whatever the seed, if each of the ten comes once.
    sentences = forwards + [s[::-1] for s in forwards]
    assert all(
        questions.swapped_share(model, sentences, seed) == 0.5 for seed in range(5)
    )


def test_equal_neighbours_are_never_the_ones_that_are_swapped(monkeypatch):
    monkeypatch.setattr(questions, "SENTENCES", 10)
    row = [0, 0, 0, 0, 0, 1, 2]
    model = fit(split_of(np.tile(row, 40), row, row, 3), 2)
    # Only the last pair of 0 0 0 0 0 1 differs, and 1 0 was never seen.
    sentences = [np.array(row[:6])] * 10
    assert all(
        questions.swapped_share(model, sentences, seed) == 1 for seed in range(5)
    )


def test_each_seed_draws_its_own_sentences_and_the_same_ones_again(monkeypatch):
    monkeypatch.setattr(questions, "SENTENCES", 20)
    sentences, model = list(SPLIT.test.reshape(-1, 10)), fit(SPLIT, 2)
    shares = [questions.swapped_share(model, sentences, seed) for seed in range(6)]
    assert len(set(shares)) > 1
    assert shares[3] == questions.swapped_share(model, sentences, 3)


def test_swapping_leaves_the_sentences_as_they_were(monkeypatch):
    monkeypatch.setattr(questions, "SENTENCES", 40)
    sentences = list(SPLIT.test.copy().reshape(-1, 10))
    questions.swapped_share(fit(SPLIT, 2), sentences, 0)
    np.testing.assert_array_equal(np.concatenate(sentences), SPLIT.test)


# What fills the gap?


@pytest.mark.parametrize("order", [1, 2, 3])
def test_gap_scores_are_differences_of_whole_text_probabilities(order):
    model = fit(SPLIT, order)
    text, at = SPLIT.test, 50
    candidates = np.array([text[at], 0, 7, 19])
    left, both = questions.gap_scores(model, text, at, candidates)
    slow_left, slow_both = [], []
    for word in candidates:
        filled = text.copy()
        filled[at] = word
        slow_left.append(model.log_prob(filled[: at + 1]) - model.log_prob(text[:at]))
        slow_both.append(model.log_prob(filled))
    np.testing.assert_allclose(left, slow_left, rtol=1e-9)
    # The window holds all that the candidate changes, so differences are the same.
    np.testing.assert_allclose(both - both[0], np.array(slow_both) - slow_both[0])


def test_the_best_shares_its_place_with_its_equals():
    scores = np.array([-3.0, -1.0, -2.0, -1.0, -1.0 + 1e-12])
    # 1, 3 and 4 are equally good
    shares = [questions.share_of_best(scores, at) for at in range(5)]
    assert shares == pytest.approx([0, 1 / 3, 0, 1 / 3, 1 / 3])
    assert questions.share_of_best(np.array([-1.0, -2.0]), 0) == 1
    assert questions.share_of_best(np.array([-np.inf, -np.inf]), 0) == 0.5


@pytest.mark.parametrize("question", ["gap", "open_gap"])
def test_a_gap_in_a_cycle_is_always_filled_rightly(question, monkeypatch):
    monkeypatch.setattr(questions, f"{question.upper()}S", 20)
    cycle = np.arange(300) % 10
    # The gaps are the test part's: validation runs backwards and would be all wrong.
    split = split_of(cycle, cycle[::-1], cycle, 10)
    model = fit(split, 2, 0.5)
    assert getattr(questions, f"{question}_shares")(model, split, 0) == [1, 1]


def test_without_a_context_left_and_both_sides_are_the_same(monkeypatch):
    monkeypatch.setattr(questions, "OPEN_GAPS", 100)
    model = fit(SPLIT, 1)
    left, both = questions.open_gap_shares(model, SPLIT, 0)
    # Order 1 always says the most frequent word: right as often as that is the word.
    places = np.random.default_rng(0).integers(5, len(SPLIT.test) - 5, 100)
    commonest = np.bincount(SPLIT.train).argmax()
    assert left == both == np.mean(SPLIT.test[places] == commonest)


def test_the_words_to_choose_from_hold_the_true_word_once(monkeypatch):
    monkeypatch.setattr(questions, "GAPS", 50)
    asked = []

    def spy(model, ids, at, candidates):
        asked.append((ids[at], candidates))
        return np.zeros(10), np.arange(10.0)

    monkeypatch.setattr(questions, "gap_scores", spy)
    # Ten words that differ must come from training: the other parts have five.
    split = split_of(SPLIT.train, SPLIT.valid % 5, SPLIT.test % 5, 20)
    model = fit(split, 1)
    # Ten equally good: a tenth; the true word is the first, and the worst: none.
    assert questions.gap_shares(model, split, 0) == pytest.approx([0.1, 0])
    for truth, candidates in asked:
        assert len(candidates) == 10
        assert candidates[0] == truth
        assert truth not in candidates[1:]


@pytest.mark.parametrize("question", ["gap", "open_gap"])
def test_each_seed_asks_for_gaps_of_its_own_and_all_models_for_the_same(
    question, monkeypatch
):
    monkeypatch.setattr(questions, f"{question.upper()}S", 50)
    asked = []

    def spy(model, ids, at, candidates):
        asked.append((at, tuple(candidates)))
        return np.zeros(20), np.zeros(20)

    monkeypatch.setattr(questions, "gap_scores", spy)
    items = {}
    for seed in range(3):
        for order in (1, 3):
            asked.clear()
            getattr(questions, f"{question}_shares")(fit(SPLIT, order), SPLIT, seed)
            items[seed, order] = tuple(asked)
        assert items[seed, 1] == items[seed, 3]
    assert len(set(items.values())) == 3


@pytest.mark.parametrize("question", ["gap", "open_gap"])
def test_a_gap_has_five_words_on_each_side(question, monkeypatch):
    monkeypatch.setattr(questions, f"{question.upper()}S", 50)
    places = set()

    def spy(model, ids, at, candidates):
        places.add(int(at))
        return np.zeros(20), np.zeros(20)

    monkeypatch.setattr(questions, "gap_scores", spy)
    split = split_of(SPLIT.train, SPLIT.valid, SPLIT.test[:12], 20)
    getattr(questions, f"{question}_shares")(fit(SPLIT, 1), split, 0)
    assert places == {5, 6}  # of words 0 to 11: five before 5, five after 6


def test_the_true_word_is_looked_for_at_its_place_among_all_words(monkeypatch):
    monkeypatch.setattr(questions, "OPEN_GAPS", 20)

    def knows(model, ids, at, candidates):
        assert candidates.tolist() == [*range(20)]
        return np.zeros(20), (candidates == ids[at]).astype(float)

    monkeypatch.setattr(questions, "gap_scores", knows)
    # All twenty equally good: a twentieth; the true word alone the best: always.
    shares = questions.open_gap_shares(fit(SPLIT, 1), SPLIT, 0)
    assert shares == pytest.approx([1 / 20, 1])
