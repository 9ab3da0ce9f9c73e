"""The measurements of chapter 2 on a corpus small enough to check by hand."""

from collections import Counter
from functools import cache, partial

import numpy as np
import pytest

from companion import field, records
from companion.experiments import ngram as experiments
from companion.ngram import (
    AbsoluteDiscounting,
    AddK,
    JelinekMercer,
    KneserNey,
    ModifiedKneserNey,
    StupidBackoff,
    count_ngrams,
    walk,
)
from companion.text import Vocabulary


def split_of(train, valid, test, size):
    vocabulary = Vocabulary(tuple(f"w{i}" for i in range(size)))
    return field.BengioSplit(
        vocabulary, *(np.array(ids) for ids in (train, valid, test))
    )


def zipf(seed, length, size=20):
    p = 1 / np.arange(1.0, size + 1)
    return np.random.default_rng(seed).choice(size, length, p=p / p.sum())


SPLIT = split_of(zipf(0, 3_000), zipf(1, 600), zipf(2, 400), 20)


def corpus_of(*documents):
    """A Brown whose documents are lists of sentences, each a string of words."""
    return field.Brown(
        tuple(
            field.Document(
                f"ca{i:02}",
                f"genre {i}",
                tuple(
                    field.Sentence(tuple(words.split()), ("nn",) * len(words.split()))
                    for words in sentences
                ),
            )
            for i, sentences in enumerate(documents)
        )
    )


@cache
def contestants(n):
    return experiments.contestants(SPLIT, n)


def windows(ids, n):
    return [tuple(map(int, ids[i : i + n])) for i in range(len(ids) - n + 1)]


# What was seen


def test_a_walk_finds_each_context_and_ngram_or_minus_one():
    levels = count_ngrams(np.array([0, 1, 2, 0, 3, 1]), 3, 5)
    # unigrams 0 1 2 3; bigrams 01 03 12 20 31; trigrams 012 031 120 203
    steps = walk(levels, np.array([0, 1, 2, 1, 2, 4]))
    pairs = [(here.tolist(), found.tolist()) for _, here, found in steps]
    contexts, found = zip(*pairs, strict=True)
    assert contexts[0] == [0, 0, 0, 0, 0, 0]
    assert found[0] == [0, 1, 2, 1, 2, -1]
    assert contexts[1] == [0, 1, 2, 1, 2]
    assert found[1] == [0, 2, -1, 2, -1]  # 01, 12, 21 no, 12, 24 no
    assert contexts[2] == [0, 2, -1, 2]
    assert found[2] == [0, -1, -1, -1]  # 012, 121 no, 212 no, 124 no


def test_unseen_shares_are_those_of_sets(monkeypatch):
    sizes = (10, 300, 3_000)
    monkeypatch.setattr(experiments, "TRAINING_SIZES", sizes)
    shares = experiments.unseen_shares(SPLIT)
    assert shares["training_tokens"] == list(sizes)
    for n in range(1, 6):
        grams = windows(SPLIT.test, n)
        for size, share in zip(sizes, shares["ngram"][n - 1], strict=True):
            seen = set(windows(SPLIT.train[:size], n))
            assert share == pytest.approx(np.mean([g not in seen for g in grams]))


def test_table_sizes_are_those_of_dictionaries():
    sizes = experiments.table_sizes(SPLIT)
    counts = [Counter(windows(SPLIT.train, n)) for n in range(1, 6)]
    assert sizes["distinct"] == [len(c) for c in counts]
    assert sizes["once"] == [list(c.values()).count(1) for c in counts]
    pairs = list(counts[1].values())
    assert sizes["pairs_by_count"] == [pairs.count(r) for r in range(1, 12)]


def test_recorded_discounts_come_from_the_counts_of_counts():
    found = experiments.discounts(SPLIT)
    for n in range(1, 6):
        # Below order 5: after how many distinct words each n-gram came.
        longer = set(windows(SPLIT.train, n + 1))
        counts = Counter(gram[1:] for gram in longer)
        values = list((counts if n < 5 else Counter(windows(SPLIT.train, 5))).values())
        once, twice = values.count(1), values.count(2)
        expected = once / (once + 2 * twice) if once else 0.5
        assert found["one"][n - 1] == pytest.approx(expected, rel=1e-12)
    assert [len(three) for three in found["three"]] == [3] * 5
    assert found["three"][0] == [0.5, 1.0, 1.5]  # 20 words, none seen once


def test_known_ngrams_are_the_distinct_windows_of_the_text():
    for order in (1, 2, 3):
        model = experiments.fit(SPLIT, order, KneserNey())
        known = experiments.known_ngrams(model)
        assert [tuple(row) for row in known.tolist()] == sorted(
            set(windows(SPLIT.train, order))
        )


@pytest.mark.parametrize("smoothing", [KneserNey(), AddK(0.1)], ids=repr)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_known_probabilities_are_read_from_the_distributions(order, smoothing):
    split = split_of(SPLIT.train[:200], SPLIT.valid, SPLIT.test, 20)
    model = experiments.fit(split, order, smoothing)
    slow = [
        model.distribution(gram[:-1])[gram[-1]]
        for gram in experiments.known_ngrams(model)
    ]
    found = experiments.known_probabilities(model)
    np.testing.assert_allclose(found, slow, rtol=1e-12)


# What a count is worth


def test_held_out_counts_by_hand():
    # Word r stands r + 1 times in a row, r = 1..9: the pair r r is seen r times, and
    # eight pairs r r+1 once. 54 words, 53 pairs, 17 of them distinct; V = 10.
    train = np.repeat(np.arange(1, 10), np.arange(2, 11))
    held = np.array([1, 2, 2, 2, 5, 5, 0, 9, 9])
    # 8 pairs: 12 (1 in training), 22 22 (2), 25 (0), 55 (5), 50 (0), 09 (0), 99 (9)
    scale = 53 / 8
    worth = [0.0] * 10
    worth[0] = 3 * scale / (100 - 17)  # three new ones among 83 unseen pairs
    worth[1] = 1 * scale / 9  # 1 1 and the eight r r+1
    worth[2], worth[5], worth[9] = 2 * scale, 1 * scale, 1 * scale
    found = experiments.held_out_counts(train, held, 10)
    np.testing.assert_allclose(found, worth, rtol=1e-12, atol=1e-15)


def test_worth_by_count_leaves_the_rest_to_what_was_not_seen():
    counts = np.array([*range(1, 10), 12, 1])
    worth = np.array([*range(1, 10), 12, 2.0]) / 2
    # count 1: (0.5 + 1) / 2; others r / 2. Worth 29.5 of 30 in all; 16 - 11 unseen.
    found = experiments.by_count(counts, worth, 30.0, 4)
    expected = [0.5 / 5, 0.75, *(r / 2 for r in range(2, 10))]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_adjusted_counts_of_each_smoothing_are_what_its_formula_says():
    words = [f"w{i}" for i in np.concatenate([SPLIT.train, SPLIT.valid, SPLIT.test])]
    sentences = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    corpus = corpus_of(sentences[:100], sentences[100:250], sentences[250:])
    rows = experiments.adjusted_counts(corpus, SPLIT, contestants(2))
    # Maximum likelihood takes counts at their word: c(h) c(hw) / c(h) = r.
    np.testing.assert_allclose(rows["maximum likelihood"], range(10), atol=1e-9)
    assert rows["held-out text"] == experiments.held_out_counts(
        SPLIT.train, SPLIT.valid, 20
    )
    # Absolute discounting takes D and hands on the rest, so r - D at least.
    model = experiments.fit(SPLIT, 2, AbsoluteDiscounting())
    discount = model.smoothing.discounts(model.counts[-1])[0]
    assert all(rows["absolute discounting"][1:] > np.arange(1, 10) - discount)
    # One row for each seed where pieces were shuffled.
    for unit in ("documents", "sentences"):
        shuffled = rows.pop(f"held-out text, {unit} shuffled")
        assert len(shuffled) == len(experiments.SEEDS)
        assert shuffled[0] != shuffled[1]
    assert all(np.shape(row)[-1] == 10 for row in rows.values())


def test_shuffling_moves_whole_pieces_and_loses_none():
    pieces = [np.array(ids) for ids in ([0, 1], [2, 3, 4], [5, 6], [7])]
    split = split_of([0] * 5, [0] * 3, [], 8)
    orders = set()
    for seed in range(5):
        train, valid = experiments.shuffled_parts(pieces, split, seed)
        assert (len(train), len(valid)) == (5, 3)
        text = np.concatenate([train, valid]).tolist()
        firsts = [word for word in text if word in (0, 2, 5, 7)]
        by_first = {int(piece[0]): piece.tolist() for piece in pieces}
        assert text == [word for first in firsts for word in by_first[first]]
        orders.add(tuple(firsts))
    assert len(orders) > 1  # each seed shuffles in its own way


def test_shuffled_texts_are_as_long_as_the_parts_they_stand_for():
    pieces = [np.array([i]) for i in range(8)]
    split = split_of([0] * 3, [0] * 2, [0] * 3, 8)
    train, valid = experiments.shuffled_parts(pieces, split, 0)
    assert (len(train), len(valid)) == (3, 2)
    assert len({*train, *valid}) == 5  # no word on both sides


def test_unseen_mass_by_hand():
    split = split_of([0, 1, 2, 0, 1, 3], [0, 1, 2], [0, 1, 2, 0, 1, 4, 0], 5)
    mass = experiments.unseen_mass(split, experiments.contestants(split, 3))
    # 01-2 seen, 12-0 seen, 20-1 seen, 01-4 new, 14-0: context new, so not counted
    assert mass["observed"] == 1 / 4
    assert mass["maximum likelihood"] == pytest.approx(0, abs=1e-12)
    # Add-one, V = 5: after 01 came 2 and 3, so 3 words new: 3 / (2 + 5); after 12
    # and after 20 one word, once: 4 / (1 + 5)
    expected = (3 / 7 + 4 / 6 + 4 / 6 + 3 / 7) / 4
    assert mass["add-one"] == pytest.approx(expected, rel=1e-12)


def test_sums_of_stupid_backoff_are_those_of_the_scores_word_by_word():
    # Word 20 never comes in training, so where the recursion ends makes a difference.
    split = split_of(SPLIT.train, SPLIT.valid, SPLIT.test, 21)
    order_1, model = (
        experiments.fit(split, n, StupidBackoff(base="unigram")) for n in (1, 2)
    )
    with np.errstate(divide="ignore"):
        slow = [
            sum(np.exp(model.score([before, word])[1]) for word in range(21))
            for before in range(20)
        ]
    places = np.random.default_rng(0).integers(5, len(split.test), 500)
    expected = np.mean([slow[split.test[t - 1]] for t in places])
    # Order 1 is relative frequency, which sums to one.
    assert experiments.score_sum(order_1, split) == pytest.approx(1, rel=1e-12)
    assert experiments.score_sum(model, split) == pytest.approx(expected, rel=1e-9)


def test_redirected_mass_keeps_add_ks_amounts_and_kneser_neys_lower_orders():
    k, context = 0.3, SPLIT.train[:2]
    model = experiments.fit(SPLIT, 3, experiments.Redirected(k=k))
    add_k = experiments.fit(SPLIT, 3, experiments.AddK(k)).distribution(context)
    lower = experiments.fit(SPLIT, 3, experiments.ModifiedKneserNey()).distribution(
        context[1:]
    )
    # c(h) + kV pieces: the added kV are divided like `lower`, not evenly.
    follows = (SPLIT.train[:-2] == context[0]) & (SPLIT.train[1:-1] == context[1])
    gamma = k * 20 / (follows.sum() + k * 20)
    expected = add_k + gamma * (lower - 1 / 20)
    np.testing.assert_allclose(model.distribution(context), expected, rtol=1e-12)


def test_redirected_mass_uses_the_k_that_add_k_chose():
    # Validation repeats training and wants the smallest k; test would want the largest.
    split = split_of(SPLIT.train, SPLIT.train[:600], SPLIT.test, 20)
    models = experiments.contestants(split, 3)
    assert models["add-k"].smoothing.k == min(experiments.ADD_K)
    model = experiments.fit(split, 3, experiments.Redirected(k=min(experiments.ADD_K)))
    found = experiments.controls(split, models)["add_k_redirected"]
    assert found == model.perplexity(split.test)


def test_levelled_mass_keeps_kneser_neys_amounts_and_divides_them_evenly():
    context = SPLIT.train[:2]
    level = experiments.fit(SPLIT, 3, experiments.Levelled())
    model = experiments.fit(SPLIT, 3, experiments.ModifiedKneserNey())
    # What a word gets beyond its lower-order share is what it kept.
    gamma = 1 - (level.distribution(context) - level.distribution(context).min()).sum()
    kept = model.distribution(context) - gamma * model.distribution(context[1:])
    np.testing.assert_allclose(
        level.distribution(context), kept + gamma / 20, rtol=1e-9
    )


def test_witten_bell_continued_differs_in_the_lower_counts_alone():
    found = experiments.controls(SPLIT, contestants(3))["witten_bell_continued"]
    own = [contestants(n)["Witten-Bell"].perplexity(SPLIT.test) for n in range(1, 6)]
    assert found[0] == own[0]  # of order 1 there is no lower order
    assert all(a != b for a, b in zip(found[1:], own[1:], strict=True))


def test_the_rare_share_counts_the_rare_symbol_wherever_it_stands():
    vocabulary = Vocabulary(("a", "<rare>", "b"), "<rare>")
    split = field.BengioSplit(vocabulary, *(np.array([1, 0, 2, 1, 0]),) * 3)
    assert experiments.rare_share(split) == 2 / 5


def test_longer_training_texts_are_prefixes_of_the_whole(monkeypatch):
    monkeypatch.setattr(experiments, "TRAINING_SIZES", (1_000, 3_000))
    rows = experiments.training_sizes(SPLIT)["perplexity"]
    whole = [experiments.fit(SPLIT, n, experiments.ModifiedKneserNey()) for n in (1, 5)]
    assert rows[0][1] == whole[0].perplexity(SPLIT.test)
    assert rows[4][1] == whole[1].perplexity(SPLIT.test)
    assert rows[4][0] != rows[4][1]


def test_genres_of_a_part_are_counted_in_words():
    corpus = corpus_of(["a b c"], ["d e"], ["f g h i"])
    split = split_of([0] * 4, [0], [0] * 4, 9)
    kinds = [document.genre for document in corpus.documents]
    found = experiments.genres(corpus, split)
    expected = {"train": [0, 0, 0, 1], "valid": [1], "test": [2] * 4}
    for part, documents in expected.items():
        counted = Counter(kinds[i] for i in documents)
        assert found[part] == dict(counted)


# Contestants


def test_every_contestant_is_fitted_and_the_best_k_is_chosen_on_validation():
    # Validation repeats training and wants a small k; test is noise and wants a large.
    noise = np.random.default_rng(3).integers(0, 20, 400)
    split = split_of(SPLIT.train, SPLIT.train[:600], noise, 20)
    models = experiments.contestants(split, 2)
    assert len(models) == 8
    best = {
        part: min(
            experiments.ADD_K,
            key=lambda k: experiments.fit(split, 2, AddK(k)).perplexity(ids),
        )
        for part, ids in (("valid", split.valid), ("test", split.test))
    }
    assert models["add-k"].smoothing.k == best["valid"] < best["test"]
    assert models["add-one"].smoothing.k == 1
    again = experiments.fit(split, 2, JelinekMercer(held_out=split.valid))
    assert models["Jelinek-Mercer"].smoothing.weights == again.smoothing.weights


def test_perplexities_have_one_entry_for_each_order_and_part():
    rows = experiments.perplexities(SPLIT, {n: contestants(n) for n in range(1, 6)})
    model = experiments.fit(SPLIT, 3, ModifiedKneserNey())
    row = rows["modified Kneser-Ney"]
    assert row["valid"][2] == model.perplexity(SPLIT.valid)
    assert row["test"][2] == model.perplexity(SPLIT.test)
    assert row["smoothing"][2].startswith("ModifiedKneserNey(")
    assert all(len(row[part]) == 5 for row in rows.values() for part in row)


# Whole sentences


def test_only_sentences_of_six_to_thirty_words_within_the_bounds_are_taken():
    lengths = [6, 5, 7, 30, 31, 6]  # they end at words 6, 11, 18, 48, 79, 85
    words = [f"w{i}" for i in range(85)]
    ends = np.cumsum(lengths)
    pieces = [
        " ".join(words[end - n : end]) for n, end in zip(lengths, ends, strict=True)
    ]
    corpus = corpus_of(pieces[:2], pieces[2:])

    def taken(begin, end):
        found = experiments.sentences_between(corpus, begin, end)
        return [(int(tokens[0][1:]), len(tokens)) for tokens in found]

    assert taken(0, 85) == [(0, 6), (11, 7), (18, 30), (79, 6)]
    # A sentence that a bound cuts is on neither side; one that touches it is.
    assert taken(11, 48) == [(11, 7), (18, 30)]
    assert taken(12, 47) == []


def test_whole_sentences_are_counted_word_for_word():
    train = [("a", "b", "c"), ("d", "e")]
    test = [("a", "b", "c"), ("a", "b"), ("c", "b", "a"), ("a", "b", "c")]
    counts = experiments.whole_sentences(train, test)
    assert counts == {"sentences": 4, "in_training": 2}


def test_a_model_of_order_one_cannot_tell_swapped_words(monkeypatch):
    monkeypatch.setattr(experiments, "SENTENCES", 30)
    sentences = list(SPLIT.test.reshape(-1, 10))
    model = experiments.fit(SPLIT, 1, KneserNey())
    assert all(experiments.swapped(model, sentences, seed) == 0.5 for seed in range(5))


def test_swapped_words_are_found_where_the_order_of_words_is_fixed(monkeypatch):
    monkeypatch.setattr(experiments, "SENTENCES", 10)
    cycle = np.arange(300) % 10
    split = split_of(cycle, cycle, cycle, 10)
    forwards = [np.roll(np.arange(10), r) for r in range(10)]
    model = experiments.fit(split, 2, KneserNey(0.5))
    assert experiments.swapped(model, forwards, 0) == 1
    # Read backwards no pair was ever seen, and a swap makes one pair that was.
    assert experiments.swapped(model, [s[::-1] for s in forwards], 0) == 0


def test_no_sentence_is_swapped_twice(monkeypatch):
    monkeypatch.setattr(experiments, "SENTENCES", 10)
    cycle = np.arange(300) % 10
    model = experiments.fit(split_of(cycle, cycle, cycle, 10), 2, KneserNey(0.5))
    forwards = [np.roll(np.arange(10), r) for r in range(5)]
    # Five won and five lost, whatever the seed, if each of the ten comes once.
    sentences = forwards + [s[::-1] for s in forwards]
    assert all(experiments.swapped(model, sentences, seed) == 0.5 for seed in range(5))


def test_swapping_leaves_the_sentences_as_they_were(monkeypatch):
    monkeypatch.setattr(experiments, "SENTENCES", 40)
    sentences = list(SPLIT.test.copy().reshape(-1, 10))
    experiments.swapped(experiments.fit(SPLIT, 2, KneserNey()), sentences, 0)
    np.testing.assert_array_equal(np.concatenate(sentences), SPLIT.test)


# Gaps


@pytest.mark.parametrize("order", [1, 2, 3])
def test_gap_scores_are_differences_of_whole_text_probabilities(order):
    model = experiments.fit(SPLIT, order, KneserNey())
    text, at = SPLIT.test, 50
    candidates = np.array([text[at], 0, 7, 19])
    left, both = experiments.gap_scores(model, text, at, candidates)
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
    shares = [experiments.share_of_best(scores, at) for at in range(5)]
    assert shares == pytest.approx([0, 1 / 3, 0, 1 / 3, 1 / 3])
    assert experiments.share_of_best(np.array([-1.0, -2.0]), 0) == 1
    assert experiments.share_of_best(np.array([-np.inf, -np.inf]), 0) == 0.5


@pytest.mark.parametrize("measure", ["gaps", "open_gaps"])
def test_a_gap_in_a_cycle_is_always_filled_rightly(measure, monkeypatch):
    monkeypatch.setattr(experiments, measure.upper(), 20)
    cycle = np.arange(300) % 10
    # The gaps are the test part's: validation runs backwards and would be all wrong.
    split = split_of(cycle, cycle[::-1], cycle, 10)
    model = experiments.fit(split, 2, KneserNey(0.5))
    assert getattr(experiments, measure)(model, split, 0) == [1, 1]


def test_without_a_context_left_and_both_sides_are_the_same(monkeypatch):
    monkeypatch.setattr(experiments, "OPEN_GAPS", 100)
    model = experiments.fit(SPLIT, 1, KneserNey())
    left, both = experiments.open_gaps(model, SPLIT, 0)
    # Order 1 always says the most frequent word: right as often as that is the word.
    places = np.random.default_rng(0).integers(5, len(SPLIT.test) - 5, 100)
    commonest = np.bincount(SPLIT.train).argmax()
    assert left == both == np.mean(SPLIT.test[places] == commonest)


def test_the_words_to_choose_from_hold_the_true_word_once(monkeypatch):
    monkeypatch.setattr(experiments, "GAPS", 50)
    asked = []

    def spy(model, ids, at, candidates):
        asked.append((ids[at], candidates))
        return np.zeros(10), np.arange(10.0)

    monkeypatch.setattr(experiments, "gap_scores", spy)
    # Ten words that differ must come from training: the other parts have five.
    split = split_of(SPLIT.train, SPLIT.valid % 5, SPLIT.test % 5, 20)
    model = experiments.fit(split, 1, KneserNey())
    # Ten equally good: a tenth; the true word is the first, and the worst: none.
    assert experiments.gaps(model, split, 0) == pytest.approx([0.1, 0])
    for truth, candidates in asked:
        assert len(candidates) == 10
        assert candidates[0] == truth
        assert truth not in candidates[1:]


# The record: twenty documents of twenty sentences of ten words

SMALL = {
    "SEEDS": (4, 5, 6),
    "ADD_K": (1.0, 0.1),
    "TRAINING_SIZES": (1_000, 3_000),
    "SENTENCES": 20,
    "GAPS": 15,
    "OPEN_GAPS": 12,
}
split_small = partial(field.bengio_split, train=3_000, valid=600)


def small_corpus():
    words = [f"w{i}" for i in zipf(0, 4_000)]
    words[::100] = [f"once{i}" for i in range(40)]
    sentences = [" ".join(words[i : i + 10]) for i in range(0, 4_000, 10)]
    # Two test sentences stood before: one in training, one in validation.
    sentences[-2:] = sentences[0], sentences[300]
    return corpus_of(*(sentences[i : i + 20] for i in range(0, 400, 20)))


CORPUS = small_corpus()


def make_small(patch):
    patch.setattr(field, "brown", lambda: CORPUS)
    patch.setattr(field, "bengio_split", split_small)
    for name, value in SMALL.items():
        patch.setattr(experiments, name, value)


@pytest.fixture
def small(monkeypatch):
    make_small(monkeypatch)
    return split_small(CORPUS.words)


@pytest.fixture(scope="module")
def record():
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        return experiments.brown()


def test_the_record_says_what_was_chosen_and_what_was_read(record):
    assert record["name"] == "ngram_brown"
    assert list(record["provenance"]["data"]) == ["brown/brown.zip"]
    assert record["settings"] == {
        "train_tokens": 3_000,
        "valid_tokens": 600,
        "test_tokens": 400,
        "vocabulary_size": 21,  # twenty words and <rare>
        "orders": [1, 2, 3, 4, 5],
        "seeds": [4, 5, 6],
        "add_k": [1.0, 0.1],
        "sentences": 20,
        "gaps": 15,
        "open_gaps": 12,
        "candidates": 10,
    }


def test_the_record_has_one_number_for_each_order_seed_and_side(record):
    shapes = {
        "stupid_backoff_sum": (5,),
        "stupid_backoff_gap": (5, 3, 2),
        "swapped": (5, 3),
        "gap": (5, 3, 2),
        "open_gap": (5, 3, 2),
    }
    others = {
        "genres",
        "rare_share_of_test",
        "whole_sentences",
        "perplexity",
        "discounts",
        "unseen",
        "tables",
        "adjusted_counts",
        "unseen_mass",
        "controls",
        "training_size",
    }
    results = record["results"]
    assert set(results) == set(shapes) | others
    assert {name: np.shape(results[name]) for name in shapes} == shapes
    assert np.shape(results["training_size"]["perplexity"]) == (5, 2)
    assert np.shape(results["unseen"]["ngram"]) == (5, 2)
    assert len(results["perplexity"]) == 8


def test_the_sentences_compared_are_those_of_training_and_of_test_alone(record):
    # Of the 40 test sentences one is copied from training, one from validation.
    found = record["results"]["whole_sentences"]
    assert found == {"sentences": 40, "in_training": 1}


def test_counts_are_adjusted_for_bigrams_and_mass_is_that_of_trigrams(record, small):
    results, pairs = record["results"], experiments.contestants(small, 2)
    triples = experiments.contestants(small, 3)
    expected = experiments.adjusted_counts(CORPUS, small, pairs)
    assert results["adjusted_counts"] == expected
    assert results["unseen_mass"] == experiments.unseen_mass(small, triples)
    assert results["controls"] == experiments.controls(small, triples)


def test_each_measurement_asks_the_models_it_is_named_after(small, monkeypatch):
    texts = {}

    def spy(name):
        def answer(model, text, *seed):
            texts[name] = text
            return [name, repr(model.smoothing), model.order, *seed]

        return answer

    def expected(name, smoothing):
        return [[[name, smoothing, n, seed] for seed in (4, 5, 6)] for n in range(1, 6)]

    kneser_ney = repr(ModifiedKneserNey())
    stupid = repr(StupidBackoff(base="unigram"))

    for name in ("gaps", "open_gaps", "swapped", "score_sum"):
        monkeypatch.setattr(experiments, name, spy(name))
    results = experiments.brown()["results"]
    assert results["gap"] == expected("gaps", kneser_ney)
    assert results["open_gap"] == expected("open_gaps", kneser_ney)
    assert results["swapped"] == expected("swapped", kneser_ney)
    assert results["stupid_backoff_gap"] == expected("gaps", stupid)
    sums = [["score_sum", stupid, n] for n in range(1, 6)]
    assert results["stupid_backoff_sum"] == sums
    # Every test sentence is taken, so laid end to end they are the test part.
    np.testing.assert_array_equal(np.concatenate(texts["swapped"]), small.test)


def test_the_record_comes_back_from_its_file_as_it_was(record, tmp_path):
    records.save(record, tmp_path)
    assert records.load("ngram_brown", tmp_path) == record
