"""The benchmark: what it compares and says, never how fast anything was."""

import sys

import numpy as np
import pytest

from companion import bench

nltk = pytest.importorskip("nltk", reason="compares with nltk: pip install nltk")


@pytest.fixture
def ids():
    """Return a text in which each of 12 words is likely after one other."""
    rng = np.random.default_rng(7)
    steps = rng.choice([1, 1, 1, 2, 5], size=3000)
    return np.cumsum(steps) % 12


@pytest.fixture
def table(ids):
    lines = []
    rows = bench.ngram(ids[:2500], ids[2500:], 12, write=lines.append)
    return rows, "\n".join(lines)


def test_each_smoothing_of_both_libraries_has_a_row(table):
    rows, text = table
    names = ["Lidstone 0.1", "Witten-Bell", "absolute discounting", "Kneser-Ney"]
    assert [row["name"] for row in rows] == names
    assert all(f"\n{name}" in text for name in names)


def test_what_is_compared_gives_the_same_probabilities(table):
    # Kneser-Ney too: the text's first bigram occurs again, so it has a word before it.
    rows, _ = table
    assert all(row["difference_nats"] < 1e-9 for row in rows)


def test_a_disagreement_would_be_seen(ids, monkeypatch):
    wrong = bench.Pair("wrong", bench.AddK(0.2), "Lidstone", {"gamma": 0.1}, 100)
    monkeypatch.setattr(bench, "pairs", lambda: [wrong])
    rows = bench.ngram(ids[:2500], ids[2500:], 12, write=lambda line: None)
    assert rows[0]["difference_nats"] > 1e-6


def test_words_that_both_rule_out_are_no_difference(ids, monkeypatch):
    # Word 12 is never counted, so both unigrams give it probability 0.
    kept = [pair for pair in bench.pairs() if pair.name == "Witten-Bell"]
    monkeypatch.setattr(bench, "pairs", lambda: kept)
    test_ids = np.append(ids[2500:], [12, 3, 4, 5])
    rows = bench.ngram(ids[:2500], test_ids, 13, write=lambda line: None)
    assert rows[0]["difference_nats"] < 1e-9


def test_ratios_are_ours_over_theirs(table):
    for row in table[0]:
        assert row["fit_ratio"] == row["nltk_fit_seconds"] / row["fit_seconds"]
        assert row["score_ratio"] == row["tokens_s"] / row["nltk_tokens_s"]


def test_the_output_says_what_was_timed(table):
    _, text = table
    assert "2,500 tokens counted, 500 scored, V = 12, order 3, one thread" in text
    assert "NLTK counts n-grams in Python dictionaries" in text
    assert "NLTK scored 498, 498, 498, 50 test tokens" in text
    assert "Kneser-Ney of order 5" in text


def test_without_nltk_the_error_says_what_to_install(ids, monkeypatch):
    monkeypatch.setitem(sys.modules, "nltk.lm", None)
    with pytest.raises(ImportError, match="pip install nltk"):
        bench.ngram(ids[:2500], ids[2500:], 12, write=lambda line: None)


def test_too_short_a_test_part_is_refused(ids):
    with pytest.raises(ValueError, match="2 test tokens hold no n-gram of order 3"):
        bench.ngram(ids, ids[:2], 12)
