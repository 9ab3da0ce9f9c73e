"""The measurements of chapter 2 on a corpus small enough to check by hand."""

from collections import Counter
from functools import cache, partial
from itertools import permutations

import numpy as np
import pytest

from companion import field, records
from companion.experiments import ngram as experiments
from companion.experiments import questions, run
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


def labelled(values):
    return {f"n = {n}": value for n, value in enumerate(values, 1)}


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
    shares = experiments.unseen(SPLIT)
    assert shares["training_tokens"] == list(sizes)
    for n in range(1, 6):
        grams = windows(SPLIT.test, n)
        for size, share in zip(sizes, shares["ngram"][n - 1], strict=True):
            seen = set(windows(SPLIT.train[:size], n))
            assert share == pytest.approx(np.mean([g not in seen for g in grams]))


def test_table_sizes_are_those_of_dictionaries():
    sizes = experiments.tables(SPLIT)
    counts = [Counter(windows(SPLIT.train, n)) for n in range(1, 6)]
    assert sizes["distinct"] == labelled(len(c) for c in counts)
    assert sizes["once"] == labelled(list(c.values()).count(1) for c in counts)
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
    rows = experiments.adjusted_counts(SPLIT, {2: contestants(2)})
    # Maximum likelihood takes counts at their word: c(h) c(hw) / c(h) = r.
    np.testing.assert_allclose(rows["maximum likelihood"], range(10), atol=1e-9)
    assert rows["held-out text"] == experiments.held_out_counts(
        SPLIT.train, SPLIT.valid, 20
    )
    # Absolute discounting takes D and hands on the rest, so r - D at least.
    model = experiments.fit(SPLIT, 2, AbsoluteDiscounting())
    discount = model.smoothing.discounts(model.counts[-1])[0]
    assert all(rows["absolute discounting"][1:] > np.arange(1, 10) - discount)
    assert all(len(row) == 10 for row in rows.values())


def test_shuffled_counts_are_those_of_shuffled_documents_and_sentences(monkeypatch):
    texts = {}

    def spy(train, held, size):
        return [train.tolist(), held.tolist(), size]

    monkeypatch.setattr(experiments, "held_out_counts", spy)
    corpus = corpus_of(["w0 w1", "w2 w3"], ["w4 w5", "w6 w7"], ["w8 w9"])
    split = split_of([0] * 6, [0] * 4, [], 10)
    for seed in range(20):
        rows = experiments.shuffled_counts(corpus, split, seed)
        assert rows == experiments.shuffled_counts(corpus, split, seed)
        for unit, (train, held, size) in rows.items():
            assert (len(train), len(held), size) == (6, 4, 10)
            texts.setdefault(unit, set()).add(tuple(train + held))
    # Three documents stand in 6 orders; sentences part what a document has together.
    together = [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]
    orders = {sum(order, ()) for order in permutations(together)}
    assert texts["documents"] <= orders
    assert len(texts["documents"]) > 3
    assert not texts["sentences"] <= orders
    pairs = {text[i : i + 2] for text in texts["sentences"] for i in range(0, 10, 2)}
    assert pairs == {(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)}


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
    mass = experiments.unseen_mass(split, {3: experiments.contestants(split, 3)})
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
    found = experiments.controls(split, {3: models})["add_k_redirected"]
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
    found = experiments.controls(SPLIT, {3: contestants(3)})["witten_bell_continued"]
    own = [contestants(n)["Witten-Bell"].perplexity(SPLIT.test) for n in range(1, 6)]
    assert found[0] == own[0]  # of order 1 there is no lower order
    assert all(a != b for a, b in zip(found[1:], own[1:], strict=True))


def test_the_rare_share_counts_the_rare_symbol_wherever_it_stands():
    vocabulary = Vocabulary(("a", "<rare>", "b"), "<rare>")
    split = field.BengioSplit(vocabulary, *(np.array([1, 0, 2, 1, 0]),) * 3)
    assert experiments.rare_share_of_test(split) == 2 / 5


def test_longer_training_texts_are_prefixes_of_the_whole(monkeypatch):
    monkeypatch.setattr(experiments, "TRAINING_SIZES", (1_000, 3_000))
    rows = experiments.training_size(SPLIT)["perplexity"]
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
    rows = experiments.perplexity(SPLIT, {n: contestants(n) for n in range(1, 6)})
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


# The record: twenty documents of twenty sentences of ten words

SMALL = {"ADD_K": (1.0, 0.1), "TRAINING_SIZES": (1_000, 3_000)}
ASKED = {"SENTENCES": 20, "GAPS": 15, "OPEN_GAPS": 12}
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
    for module, values in (experiments, SMALL), (questions, ASKED):
        for name, value in values.items():
            patch.setattr(module, name, value)


@pytest.fixture
def small(monkeypatch):
    make_small(monkeypatch)
    return split_small(CORPUS.words)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        patch.setattr(records, "FOLDER", folder)
        patch.setenv("COMPANION_DATA_CACHE", str(folder / "cache"))
        return run(experiments.NGRAM_BROWN, say=lambda line: None)


def test_the_record_says_what_was_chosen_and_what_was_read(record):
    assert record["name"] == "ngram_brown"
    assert record["world"] == "field"
    assert record["seeds"] == [0, 1, 2]
    assert list(record["provenance"]["data"]) == ["brown/brown.zip"]
    assert record["settings"] == {
        "train_tokens": 3_000,
        "valid_tokens": 600,
        "test_tokens": 400,
        "vocabulary_size": 21,  # twenty words and <rare>
        "orders": [1, 2, 3, 4, 5],
        "add_k": [1.0, 0.1],
        "sentences": 20,
        "gaps": 15,
        "open_gaps": 12,
        "candidates": 10,
    }


def test_the_record_has_one_number_for_each_seed_side_and_order(record):
    results, orders = record["results"], [f"n = {n}" for n in range(1, 6)]
    for name in "swapped", "stupid_backoff_gap":
        assert [list(row) for row in results[name]] == [orders] * 3
    for name in "gap", "open_gap":
        for row in results[name]:
            assert {side: list(of) for side, of in row.items()} == {
                "left": orders,
                "both": orders,
            }
    for name in "distinct", "once":
        assert list(results["tables"][name]) == orders
    assert np.shape(results["stupid_backoff_sum"]) == (5,)
    assert np.shape(results["training_size"]["perplexity"]) == (5, 2)
    assert np.shape(results["unseen"]["ngram"]) == (5, 2)
    assert len(results["perplexity"]) == 8


def test_the_sentences_compared_are_those_of_training_and_of_test_alone(record):
    # Of the 40 test sentences one is copied from training, one from validation.
    found = record["results"]["whole_sentences"]
    assert found == {"sentences": 40, "in_training": 1}


def test_each_measurement_is_made_on_the_models_of_all_smoothings(record, small):
    results, models = record["results"], experiments.fitted(small)
    assert results["adjusted_counts"] == experiments.adjusted_counts(small, models)
    assert results["unseen_mass"] == experiments.unseen_mass(small, models)
    assert results["controls"] == experiments.controls(small, models)
    assert results["perplexity"] == experiments.perplexity(small, models)
    assert results["shuffled_counts"] == [
        experiments.shuffled_counts(CORPUS, small, seed) for seed in range(3)
    ]


def test_each_question_is_asked_of_the_models_it_is_named_after(small, monkeypatch):
    texts = []

    def name_of(model):
        return f"{model.smoothing!r} {model.order}"

    def swapped(model, sentences, seed):
        texts.append(sentences)
        return f"swapped {name_of(model)} {seed}"

    def shares(question):
        return lambda model, split, seed: [
            f"{question} {side} {name_of(model)} {seed}" for side in ("left", "both")
        ]

    monkeypatch.setattr(questions, "swapped_share", swapped)
    monkeypatch.setattr(questions, "gap_shares", shares("gap"))
    monkeypatch.setattr(questions, "open_gap_shares", shares("open"))

    def expected(question, smoothing):
        return labelled(f"{question} {smoothing!r} {n} 4" for n in range(1, 6))

    best = experiments.best(experiments.fitted(small))
    stupid = experiments.stupid(small)
    kneser_ney, backoff = ModifiedKneserNey(), StupidBackoff(base="unigram")
    new = experiments.new_sentences(CORPUS, small)
    found = experiments.swapped(best, new, small, 4)
    assert found == expected("swapped", kneser_ney)
    # Every test sentence is taken, so laid end to end they are the test part.
    np.testing.assert_array_equal(np.concatenate(texts[0]), small.test)
    sides = ("left", "both")
    assert experiments.gap(best, small, 4) == {
        side: expected(f"gap {side}", kneser_ney) for side in sides
    }
    assert experiments.open_gap(best, small, 4) == {
        side: expected(f"open {side}", kneser_ney) for side in sides
    }
    found = experiments.stupid_backoff_gap(stupid, small, 4)
    assert found == expected("gap both", backoff)
    sums = experiments.stupid_backoff_sum(stupid, small)
    assert sums == [experiments.score_sum(model, small) for model in stupid]
    assert [name_of(model) for model in stupid] == [
        f"{backoff!r} {n}" for n in range(1, 6)
    ]


def test_the_record_comes_back_from_its_file_as_it_was(record, tmp_path):
    records.save(record, tmp_path)
    assert records.load("ngram_brown", tmp_path) == record


# Document by document


def test_test_words_are_counted_by_document_and_from_zero():
    corpus = corpus_of(["a b", "c"], ["d e"], ["f g h", "i"], ["j"])
    # Ten words: three, two, four, one. The test part has the last six: the end of the
    # second document, all of the third and the fourth.
    split = split_of([0] * 3, [0], [0] * 6, 10)
    found = experiments.documents_of_test(corpus, split)
    assert found.tolist() == [0, 1, 1, 1, 1, 2]


def test_what_a_document_costs_by_hand():
    corpus = corpus_of(["a b a b b b b"], ["a b", "c"], ["b b"])
    split = split_of([0, 1, 0], [1, 1, 1, 1], [0, 1, 2, 1, 1], 3)
    models = {n: experiments.contestants(split, n) for n in range(1, 6)}
    with np.errstate(divide="ignore"):
        found = experiments.by_document(corpus, split, models)
    assert found["tokens"].tolist() == [3, 2]
    # Add-one of order 1, V = 3: a 3/6, b 2/6, c 1/6. a b c costs ln 2 + ln 3 + ln 6,
    # b b twice ln 3.
    expected = [np.log(36), np.log(9)]
    losses = found["log_loss"]["add-one"]["n = 1"]
    np.testing.assert_allclose(losses, expected, atol=5e-4)
    unsmoothed = found["log_loss"]["maximum likelihood"]["n = 1"]
    # a 2/3, b 1/3, c never: ln 1.5 + ln 3 + infinity, and twice ln 3
    np.testing.assert_allclose(unsmoothed, [np.inf, np.log(9)], atol=5e-4)


def test_unseen_ngrams_of_a_document_by_hand():
    corpus = corpus_of(["a b a c a b a b b"], ["a b", "c"], ["b b"])
    # Training a b a c a; validation b a b b, whose last four are context.
    split = split_of([0, 1, 0, 2, 0], [1, 0, 1, 1], [0, 1, 2, 1, 1], 4)
    models = {n: experiments.contestants(split, n) for n in range(1, 6)}
    with np.errstate(divide="ignore"):
        found = experiments.by_document(corpus, split, models)["unseen"]
    # Seen pairs ab ba ac ca. Test b|a b c, b b: ba, ab seen; bc, cb, bb new: 1 and 2.
    # Seen triples aba bac aca. bba bab abc, bcb cbb: all new: 3 and 2.
    assert {n: counts.tolist() for n, counts in found.items()} == {
        "n = 1": [0, 0],
        "n = 2": [1, 2],
        "n = 3": [3, 2],
        "n = 4": [3, 2],
        "n = 5": [3, 2],
    }


def test_what_documents_cost_adds_up_to_the_recorded_perplexities(record):
    found, rows = record["results"]["by_document"], record["results"]["perplexity"]
    assert found["tokens"] == [200, 200]  # two documents of test
    assert set(found["log_loss"]) == set(rows)
    for name, by_order in found["log_loss"].items():
        totals = [np.exp(sum(losses) / 400) for losses in by_order.values()]
        np.testing.assert_allclose(totals, rows[name]["test"], rtol=1e-5)


def test_unseen_ngrams_of_documents_are_those_of_sets(record, small):
    text = np.concatenate([small.train, small.valid, small.test])
    for n, counts in enumerate(record["results"]["by_document"]["unseen"].values(), 1):
        seen = set(windows(small.train, n))
        new = [gram not in seen for gram in windows(text, n)][-400:]
        assert counts == [sum(new[:200]), sum(new[200:])]
