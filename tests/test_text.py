"""Vocabularies and the word-level tokenizer."""

import numpy as np
import pytest

from companion.text import Vocabulary, batches, pad, tokenize, windows

RIVER = "the bank by the river bank".split()


# Vocabulary


def test_frequent_words_come_first_and_equally_frequent_ones_in_order():
    # the and bank twice, by and river once
    vocabulary = Vocabulary.build(RIVER)
    assert vocabulary.words == ("bank", "the", "by", "river")
    assert vocabulary.rare is None
    assert len(vocabulary) == 4


def test_encoding_and_decoding_give_the_words_back():
    vocabulary = Vocabulary.build(RIVER)
    ids = vocabulary.encode(RIVER)
    assert ids.dtype == np.int64
    assert ids.tolist() == [1, 0, 2, 1, 3, 0]
    assert vocabulary.decode(ids) == RIVER
    assert vocabulary.decode(ids.tolist()) == RIVER


def test_rare_words_are_merged_and_the_symbol_comes_first():
    vocabulary = Vocabulary.build(RIVER, minimum_count=2)
    assert vocabulary.words == ("<rare>", "bank", "the")
    ids = vocabulary.encode([*RIVER, "ferry"])
    # by, river and the unknown ferry are all rare
    assert ids.tolist() == [2, 1, 0, 2, 0, 1, 0]
    assert vocabulary.decode(ids[:3]) == ["the", "bank", "<rare>"]


def test_a_word_seen_just_often_enough_is_kept():
    words = ["a"] * 4 + ["b"] * 3 + ["c"] * 2
    assert Vocabulary.build(words, 3).words == ("<rare>", "a", "b")
    assert Vocabulary.build(words, 4).words == ("<rare>", "a")
    assert Vocabulary.build(words, 5).words == ("<rare>",)


def test_the_rare_symbol_may_stand_in_the_text_and_is_listed_once():
    vocabulary = Vocabulary.build(["<rare>", "a", "a", "<rare>", "<rare>"], 2)
    assert vocabulary.words == ("<rare>", "a")
    named = Vocabulary.build(["a", "a", "b"], 2, rare="?")
    assert named.words == ("?", "a")
    assert named.encode(["b"]).tolist() == [0]


def test_a_vocabulary_can_encode_the_text_it_was_built_from():
    words = ["<rare>", "a", "b", "<rare>", "b"]
    vocabulary = Vocabulary.build(words)
    assert vocabulary.decode(vocabulary.encode(words)) == words
    merging = Vocabulary.build(words, minimum_count=2)
    merged = ["<rare>", "<rare>", "b", "<rare>", "b"]
    assert merging.decode(merging.encode(words)) == merged


def test_nothing_encodes_to_nothing():
    for vocabulary in (Vocabulary.build(RIVER), Vocabulary.build(RIVER, 2)):
        ids = vocabulary.encode([])
        assert ids.shape == (0,)
        assert ids.dtype == np.int64
        assert vocabulary.decode(ids) == []


def test_a_vocabulary_reads_any_iterable_once():
    assert Vocabulary.build(word for word in RIVER) == Vocabulary.build(RIVER)
    ids = Vocabulary.build(RIVER).encode(word for word in RIVER)
    assert len(ids) == 6


def test_an_unknown_word_without_a_rare_symbol_is_named():
    with pytest.raises(ValueError, match="'ferry' is not in the vocabulary of 4 words"):
        Vocabulary.build(RIVER).encode(["the", "ferry"])


@pytest.mark.parametrize("bad", [-1, 4])
def test_an_id_outside_the_vocabulary_is_named(bad):
    with pytest.raises(ValueError, match=rf"id {bad} is not in 0\.\.3"):
        Vocabulary.build(RIVER).decode([0, bad])


def test_a_list_with_a_word_twice_is_refused():
    with pytest.raises(ValueError, match="'bank' stands twice"):
        Vocabulary(("the", "bank", "river", "bank"))


def test_a_rare_symbol_that_is_no_word_of_the_list_is_refused():
    with pytest.raises(ValueError, match="'<rare>' is not one of the words"):
        Vocabulary(("the", "bank"), rare="<rare>")


@pytest.mark.parametrize("minimum_count", [0, -2])
def test_a_minimum_count_below_one_is_refused(minimum_count):
    with pytest.raises(ValueError, match=f"1 or more, not {minimum_count}"):
        Vocabulary.build(RIVER, minimum_count)


def test_a_vocabulary_of_no_text_is_refused():
    with pytest.raises(ValueError, match="no words"):
        Vocabulary.build([])


# Tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \n\t", []),
        ("The BANK", ["the", "bank"]),
        ("Stop! Who, me? Yes: me; now.", "stop ! who , me ? yes : me ; now .".split()),
        ("the ferryman's well-worn oar", ["the", "ferryman's", "well-worn", "oar"]),
        ("mother-in-law's", ["mother-in-law's"]),
        # A mark at a word's edge is not part of it.
        ("'tis the boats' -end- of it--all", "tis the boats end of it all".split()),
        ("in 1961 of 12", ["in", "1961", "of", "12"]),
        ("3.5", ["3", ".", "5"]),
        # Quotes, brackets and dashes go.
        ('"Oh" (he said) [so] \u2014 well', ["oh", "he", "said", "so", "well"]),
        ("wait...", ["wait", ".", ".", "."]),
        ("line\nbreak", ["line", "break"]),
    ],
)
def test_tokens_are_lower_case_words_numbers_and_marks(text, tokens):
    assert tokenize(text) == tokens


def test_tokens_joined_by_spaces_are_the_same_tokens_again():
    tokens = tokenize(
        "The ferryman's bell rang; who was it? 'Nobody', said 12 well-to-do men."
    )
    assert tokenize(" ".join(tokens)) == tokens


@pytest.mark.parametrize("make", [Vocabulary.build, Vocabulary(("a",)).encode])
def test_a_text_in_place_of_words_is_refused(make):
    with pytest.raises(ValueError, match="not the text 'the bank'"):
        make("the bank")


# Batches


def test_windows_are_all_stretches_of_neighbours():
    ids = np.array([4, 7, 1, 8, 2])
    assert windows(ids, 1).tolist() == [[4], [7], [1], [8], [2]]
    assert windows(ids, 5).tolist() == [[4, 7, 1, 8, 2]]
    for place, window in enumerate(windows(ids, 2)):
        assert window.tolist() == ids[place : place + 2].tolist()
    assert np.shares_memory(windows(ids, 3), ids)
    with pytest.raises(ValueError, match="read-only"):
        windows(ids, 3)[0, 0] = 9


@pytest.mark.parametrize(("ids", "size"), [([1, 2], 3), ([1, 2], 0), ([[1, 2]], 1)])
def test_no_windows_are_made_of_these(ids, size):
    with pytest.raises(ValueError, match=f"no windows of {size} in ids of shape"):
        windows(ids, size)


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("size", [1, 3, 7, 9])
def test_each_example_comes_once(size, seed):
    found = list(batches(7, size, seed))
    assert sorted(np.concatenate(found).tolist()) == list(range(7))
    assert [len(one) for one in found[:-1]] == [size] * (len(found) - 1)


def test_the_seed_draws_the_order():
    def order(seed):
        return np.concatenate(list(batches(50, 8, seed))).tolist()

    assert order(None) == list(range(50))
    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in (None, 1, 2)}) == 3


@pytest.mark.parametrize(("examples", "size"), [(0, 1), (3, 0), (3, -1)])
def test_no_batches_are_dealt_of_these(examples, size):
    with pytest.raises(ValueError, match=f"cannot deal {examples} .* of {size}"):
        batches(examples, size)


def test_padded_texts_are_the_texts_where_the_mask_is_true():
    texts = [[3], [], [1, 4, 1]]
    ids, mask = pad(texts, padding=9)
    assert ids.shape == mask.shape == (3, 3)
    assert [row[true].tolist() for row, true in zip(ids, mask, strict=True)] == texts
    assert set(ids[~mask].tolist()) == {9}
    # No text is any longer than its tokens, and they stand first.
    assert mask.sum(axis=1).tolist() == [1, 0, 3]
    assert mask[:, 0].tolist() == [True, False, True]


def test_nothing_cannot_be_padded():
    with pytest.raises(ValueError, match="no texts to pad"):
        pad([], padding=0)
