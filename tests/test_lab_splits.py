"""Parts that share nothing, and what the best model pays on them."""

import math
from collections import Counter

import pytest

from companion import lab
from companion.lab import splits
from companion.lab.splits import combinations, floor, per_token, split

PARTS = ("train", "dev", "test", "compositional")


@pytest.fixture(scope="module")
def drawn():
    return split(1500, seed=3)


def sentence(*tagged):
    """Return a sentence from "word/TAG" pieces, without other labels."""
    tokens, pos = zip(
        *(piece.split("/") for piece in " ".join(tagged).split()), strict=True
    )
    return lab.Sentence(tokens, pos, *[(None,) * len(tokens)] * 3, (), (), ())


def pairs_of(document):
    return {pair for s in document.sentences for pair in combinations(s)}


def words_of(documents):
    return {
        pair
        for d in documents
        for s in d.sentences
        for pair in zip(s.tokens, s.pos, strict=True)
    }


# Combinations


def test_the_object_is_the_last_noun_after_the_verb():
    told = sentence(
        "Anna/PROPN mended/VERB the/DET torn/ADJ fishing/NOUN nets/NOUN ./PUNCT"
    )
    assert combinations(told) == {("mended", "nets")}


def test_a_preposition_or_another_verb_or_the_end_cuts_the_object_off():
    for rest in (
        "to/ADP the/DET quay/NOUN",
        "and/CCONJ nets/NOUN",
        "that/SCONJ tea/NOUN",
        "",
    ):
        assert combinations(sentence("Anna/PROPN went/VERB", rest, "./PUNCT")) == set()


def test_every_verb_of_a_sentence_has_its_own_object():
    told = sentence(
        "after/SCONJ she/PRON had/AUX fed/VERB two/NUM ducks/NOUN ,/PUNCT she/PRON",
        "rowed/VERB her/PRON boat/NOUN with/ADP oars/NOUN ./PUNCT",
    )
    assert combinations(told) == {("fed", "ducks"), ("rowed", "boat")}


# The parts


def test_the_parts_are_the_stream_and_share_no_document(drawn):
    parts = [getattr(drawn, part).documents for part in PARTS]
    stream = Counter(d.text for d in lab.sample(1500, seed=3).documents)
    assert Counter(d.text for part in parts for d in part) == stream
    for k, part in enumerate(parts):
        rest = {d.text for other in parts[:k] + parts[k + 1 :] for d in other}
        assert not rest & {d.text for d in part}


def test_each_compositional_document_has_a_held_out_combination_and_no_other_has(drawn):
    held_out = set(drawn.held_out)
    assert all(pairs_of(d) & held_out for d in drawn.compositional.documents)
    for part in PARTS[:3]:
        assert not any(pairs_of(d) & held_out for d in getattr(drawn, part).documents)


def test_train_shows_verb_and_noun_of_every_held_out_combination_apart(drawn):
    alone = words_of(drawn.train.documents)
    assert len(drawn.held_out) > 20
    for verb, noun in drawn.held_out:
        assert {(verb, "VERB"), (noun, "NOUN")} <= alone


def test_a_combination_that_train_would_not_show_apart_is_let_in(monkeypatch):
    def told(verb, noun):
        words = f"Anna/PROPN {verb}/VERB {noun}/NOUN ./PUNCT"
        return lab.Document("river", "good", (sentence(words),))

    chosen = [("fed", "ducks"), ("rowed", "boat")]
    rest = [("fed", "geese"), ("saw", "ducks"), ("saw", "boat")]
    stream = [told(*pair) for pair in chosen + rest * 6]
    monkeypatch.setattr(
        splits, "sample", lambda documents, seed: lab.Corpus(tuple(stream))
    )
    monkeypatch.setattr(splits, "_is_chosen", lambda combination: combination in chosen)
    # Of the rest train shows "fed" and "ducks" and "boat", but not "rowed".
    parts = split(20, seed=1)
    assert parts.held_out == (("fed", "ducks"),)
    assert parts.compositional.documents == (stream[0],)
    assert parts.train.documents == (*stream[1:8], *stream[10:18])
    assert parts.dev.documents == (stream[8], stream[18])
    assert parts.test.documents == (stream[9], stream[19])


def test_about_a_tenth_is_compositional_and_the_rest_is_dealt_eight_one_one(drawn):
    sizes = {part: len(getattr(drawn, part).documents) for part in PARTS}
    assert 0.06 < sizes["compositional"] / 1500 < 0.14
    rest = 1500 - sizes["compositional"]
    assert sizes["train"] / rest == pytest.approx(0.8, abs=0.02)
    assert sizes["dev"] / rest == pytest.approx(0.1, abs=0.02)


def test_the_same_seed_gives_the_same_parts_and_another_seed_others(drawn):
    small = split(150, seed=3)
    assert split(150, seed=3) == small
    assert split(150, seed=4) != small


def test_what_is_held_out_hangs_on_the_words_alone():
    # zlib.crc32(b"steered tug") = 1077039700 = 38 * 28343150; for the other 1 is left.
    assert splits._is_chosen(("steered", "tug"))
    assert not splits._is_chosen(("steered", "ferry"))


@pytest.mark.parametrize(
    ("documents", "seed"), [(0, 1), (2.5, 1), (100, -1), (100, "a")]
)
def test_a_number_that_is_none_is_named(documents, seed):
    with pytest.raises(ValueError, match=r"is a whole number, . or more, not"):
        split(documents, seed)


def test_too_few_documents_for_a_part_are_named():
    with pytest.raises(ValueError, match="5 documents are too few: none is in dev"):
        split(5, seed=1)


# The floor


def test_the_error_of_a_mean_per_token_by_hand():
    # Mean (6 + 1 + 2) / (2 + 1 + 3) = 1.5. Residuals 6 - 3 = 3, 1 - 1.5 = -0.5 and
    # 2 - 4.5 = -2.5, squares 9 + 0.25 + 6.25 = 15.5; sqrt(3 / 2 * 15.5) / 6.
    estimate = per_token([6, 1, 2], [2, 1, 3])
    assert estimate == pytest.approx((1.5, math.sqrt(23.25) / 6))


def test_documents_that_cost_the_same_per_token_leave_no_error():
    assert per_token([2, 4, 6], [1, 2, 3]) == (2, 0)


def test_documents_of_one_length_give_the_usual_standard_error():
    totals = [3.0, 5.0, 4.0, 8.0]
    mean = sum(totals) / 4
    usual = math.sqrt(sum((t - mean) ** 2 for t in totals) / 3 / 4)
    assert per_token(totals, [10] * 4) == pytest.approx((mean / 10, usual / 10))


def test_the_floor_is_what_the_exact_model_pays(drawn):
    some = drawn.test.documents[:3]
    totals = [-lab.log_prob(d) for d in some]
    expected = per_token(totals, [len(d.tokens) for d in some])
    assert floor(drawn.test, documents=3) == pytest.approx(expected)
    assert floor(lab.Corpus(some)) == pytest.approx(expected)
    assert 0.5 < expected.mean < 2


@pytest.mark.parametrize("documents", [0, 1, 3])
def test_documents_that_are_not_there_cannot_be_scored(drawn, documents):
    few = lab.Corpus(drawn.test.documents[:2])
    with pytest.raises(ValueError, match=f"cannot score {documents} documents of 2"):
        floor(few, documents)


def test_a_mean_needs_two_documents_and_as_many_totals():
    for totals, tokens in (([1.0], [2]), ([1.0, 2.0], [2])):
        with pytest.raises(ValueError, match=f"{len(totals)} totals for 1 documents"):
            per_token(totals, tokens)
