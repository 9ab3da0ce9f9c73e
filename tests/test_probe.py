"""Cosines, neighbours, purity and anisotropy of word vectors."""

import math

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from companion import probe
from companion.probe import anisotropy, cosines, neighbours, purity

# 3-4-5 triangles, so that cosines are tenths: the words of a small harbour.
WORDS = ["boat", "ferry", "fiddle", "drum", "the"]
HARBOUR = np.array([[1.0, 0.0], [8.0, 6.0], [0.0, 2.0], [-3.0, 4.0], [0.0, 0.0]])
ALL = np.array(
    [
        [1.0, 0.8, 0.0, -0.6, 0.0],
        [0.8, 1.0, 0.6, 0.0, 0.0],  # ferry and drum: (-24 + 24) / 50
        [0.0, 0.6, 1.0, 0.8, 0.0],
        [-0.6, 0.0, 0.8, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def cloud(rng, size=80, width=6):
    """Return vectors without ties, one of them zero, and labels, some None."""
    vectors = rng.normal(size=(size, width)) + 0.3
    vectors[size // 2] = 0
    return vectors, rng.choice(["a", "b", "b", None], size).tolist()


def rotation(rng, width):
    return np.linalg.qr(rng.normal(size=(width, width)))[0]


def naive_cosine(a, b):
    lengths = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def naive_purity(vectors, labels, k, among):
    """Return measured, control and by_label, word by word and pair by pair."""
    shares, chances = {}, []
    for i, label in enumerate(labels):
        if label is None:
            continue
        others = [j for j in among if j != i and labels[j] is not None]
        near = sorted(others, key=lambda j: -naive_cosine(vectors[i], vectors[j]))
        same = [labels[j] == label for j in near]
        shares.setdefault(label, []).append(sum(same[:k]) / k)
        chances.append(sum(same) / len(same))
    every = [share for of_label in shares.values() for share in of_label]
    by_label = {label: np.mean(of_label) for label, of_label in shares.items()}
    return np.mean(every), np.mean(chances), by_label


# Cosines


def test_cosines_are_those_computed_by_hand():
    np.testing.assert_allclose(cosines(HARBOUR), ALL, atol=1e-15)


def test_only_the_rows_asked_for_come_back_in_their_order():
    found = cosines(HARBOUR, [3, 0, 3])
    np.testing.assert_allclose(found, ALL[[3, 0, 3]], atol=1e-15)
    assert cosines(HARBOUR, []).shape == (0, 5)


def test_cosines_are_float64_within_one_and_leave_the_vectors_alone(rng):
    vectors = rng.normal(size=(300, 7)).astype(np.float32)
    before = vectors.copy()
    found = cosines(vectors)
    assert found.dtype == np.float64
    assert np.abs(found).max() <= 1
    np.testing.assert_array_equal(vectors, before)


def test_one_hot_vectors_have_cosine_zero_with_all_others():
    np.testing.assert_array_equal(cosines(np.eye(6)), np.eye(6))


@pytest.mark.parametrize("length", [1e-300, 1e-30, 7.0, 1e300])
def test_scaling_a_vector_changes_no_cosine(length, rng):
    vectors = rng.normal(size=(9, 4))
    vectors[2] = [-1, -2, -3, -4]
    scaled = vectors.copy()
    scaled[2] *= length
    np.testing.assert_allclose(cosines(scaled), cosines(vectors), atol=1e-14)


# Neighbours


def test_neighbours_are_the_nearest_first_and_not_the_word_itself():
    found = neighbours(HARBOUR, WORDS, "ferry", 2)
    assert [word for word, _ in found] == ["boat", "fiddle"]
    assert [cosine for _, cosine in found] == pytest.approx([0.8, 0.6])
    assert all(type(cosine) is float for _, cosine in found)


def test_equally_near_words_stand_in_row_order():
    # To ferry drum and the zero vector of "the" are both at 0; drum is row 3.
    found = [word for word, _ in neighbours(HARBOUR, WORDS, "ferry")]
    assert found == ["boat", "fiddle", "drum", "the"]
    # A zero vector is equally far from all.
    found = [word for word, _ in neighbours(HARBOUR, WORDS, "the", 3)]
    assert found == ["boat", "ferry", "fiddle"]


def test_a_twin_is_a_neighbour_though_its_vector_is_the_same():
    found = neighbours(np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]), "abc", "b", 1)
    assert found == [("a", pytest.approx(1.0))]


def test_there_are_no_more_neighbours_than_other_words():
    assert len(neighbours(HARBOUR, WORDS, "boat")) == 4
    assert neighbours(HARBOUR[:1], WORDS[:1], "boat") == []


def test_ten_neighbours_are_the_default(rng):
    words = [f"w{i}" for i in range(30)]
    assert len(neighbours(rng.normal(size=(30, 3)), words, "w4")) == 10


def test_neighbours_are_those_of_scikit_learn(rng):
    vectors = rng.normal(size=(200, 8))
    words = [f"w{i}" for i in range(200)]
    peer = NearestNeighbors(n_neighbors=12, metric="cosine").fit(vectors)
    distances, rows = peer.kneighbors()  # none is its own neighbour
    for i in range(0, 200, 17):
        found = neighbours(vectors, words, words[i], 12)
        assert [word for word, _ in found] == [words[j] for j in rows[i]]
        assert [cosine for _, cosine in found] == pytest.approx(1 - distances[i])


def test_an_unknown_word_is_named_with_near_spellings():
    with pytest.raises(ValueError, match="'fery' is not one of the 5 .*'ferry'"):
        neighbours(HARBOUR, WORDS, "fery")
    with pytest.raises(ValueError, match="'xylophone' .* none is near"):
        neighbours(HARBOUR, WORDS, "xylophone")
    with pytest.raises(ValueError, match="the word 3 is not one of"):
        neighbours(HARBOUR, WORDS, 3)


def test_words_must_name_all_the_vectors():
    with pytest.raises(ValueError, match="4 words do not name 5 vectors"):
        neighbours(HARBOUR, WORDS[:4], "boat")


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_of_neighbours_below_one_is_refused(number):
    with pytest.raises(ValueError, match=f"1 or more, not {number}"):
        neighbours(HARBOUR, WORDS, "boat", number)


# Purity


def test_purity_and_its_control_are_those_computed_by_hand():
    found = purity(HARBOUR[:4], ["water", "water", "music", "water"], neighbours=2)
    # boat:   ferry, fiddle -> 1/2      ferry: boat, fiddle  -> 1/2
    # fiddle: drum, ferry   -> 0        drum:  fiddle, ferry -> 1/2
    assert found.measured == pytest.approx((1 / 2 + 1 / 2 + 0 + 1 / 2) / 4)
    assert found.by_label == pytest.approx({"water": 1 / 2, "music": 0})
    assert list(found.by_label) == ["water", "music"]
    # Two of a water word's three others are of the water, none of fiddle's is music.
    assert found.control == pytest.approx((2 / 3 + 2 / 3 + 0 + 2 / 3) / 4)


def test_a_word_without_a_label_is_not_asked_and_is_no_neighbour():
    labels = ["water", "music", None, "music"]
    found = purity(HARBOUR[:4], labels, neighbours=1)
    # boat -> ferry, no; ferry -> boat, no; drum -> ferry, yes, since fiddle is out
    assert found.measured == pytest.approx(1 / 3)
    assert found.control == pytest.approx((0 + 1 / 2 + 1 / 2) / 3)
    assert found.by_label == pytest.approx({"water": 0, "music": 1 / 2})


def test_neighbours_come_from_among_these_rows_and_all_words_are_asked():
    labels = ["water", "music", "music", "music"]
    found = purity(HARBOUR[:4], labels, neighbours=1, among=[0, 3, 0])
    # boat -> drum, no; ferry -> boat, no; fiddle -> drum, yes; drum -> boat, no
    assert found.measured == pytest.approx(1 / 4)
    # boat: only drum is left, 0; ferry and fiddle: drum of two; drum: only boat, 0.
    assert found.control == pytest.approx((0 + 1 / 2 + 1 / 2 + 0) / 4)
    assert found.by_label == pytest.approx({"water": 0, "music": 1 / 3})


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("among", [None, range(5, 60, 2)])
def test_purity_is_that_of_a_naive_loop(k, among, rng):
    vectors, labels = cloud(rng)
    found = purity(vectors, labels, k, among)
    rows = range(len(labels)) if among is None else among
    measured, control, by_label = naive_purity(vectors, labels, k, rows)
    assert found.measured == pytest.approx(measured)
    assert found.control == pytest.approx(control)
    assert found.by_label == pytest.approx(by_label)
    assert list(found.by_label) == list(by_label)


def test_purity_is_that_of_scikit_learn_over_several_blocks(rng):
    vectors = rng.normal(size=(probe.BLOCK + 77, 5)).astype(np.float32)
    labels = np.where(vectors[:, 0] + rng.normal(size=len(vectors)) > 0, "up", "down")
    peer = NearestNeighbors(metric="cosine").fit(vectors.astype(np.float64))
    rows = peer.kneighbors(n_neighbors=10, return_distance=False)
    same = labels[rows] == labels[:, None]
    found = purity(vectors, labels)
    assert found.measured == pytest.approx(same.mean())
    assert found.by_label["up"] == pytest.approx(same[labels == "up"].mean())


@pytest.mark.parametrize("block", [1, 7, 59])
def test_the_size_of_a_block_changes_nothing(block, rng, monkeypatch):
    vectors, labels = cloud(rng)
    whole = purity(vectors, labels, 4)
    monkeypatch.setattr(probe, "BLOCK", block)
    assert purity(vectors, labels, 4) == whole


def test_purity_of_random_vectors_is_near_the_control(rng):
    labels = rng.choice(["a", "b", "c"], 1500, p=[0.6, 0.3, 0.1]).tolist()
    found = purity(rng.normal(size=(1500, 30)), labels)
    # The squares of the shares: 0.36 + 0.09 + 0.01
    assert found.control == pytest.approx(0.46, abs=0.03)
    assert found.measured == pytest.approx(found.control, abs=0.02)


def test_purity_of_vectors_that_point_to_their_label_is_one(rng):
    labels = rng.integers(0, 3, size=60)
    vectors = np.eye(3)[labels] + rng.uniform(0, 0.1, size=(60, 3))
    found = purity(vectors, labels)
    assert found.measured == 1
    assert found.by_label == {0: 1, 1: 1, 2: 1}
    assert found.control < 0.5


def test_with_all_others_as_neighbours_purity_is_the_control(rng):
    labels = ["a"] * 3 + [None] * 2 + ["b"] * 5 + ["c"] * 6
    found = purity(rng.normal(size=(16, 3)), labels, neighbours=13)
    assert found.measured == pytest.approx(found.control)
    # (3 * 2 + 5 * 4 + 6 * 5) / (14 * 13)
    assert found.control == pytest.approx(56 / 182)
    assert list(found.by_label) == ["a", "b", "c"]


def test_the_first_rows_are_the_neighbours_of_one_hot_vectors():
    # Row 0 has neighbours 1, 2; row 1 has 0, 2; all others 0, 1. Only rows 0 and 1
    # find one of their own: each other.
    found = purity(np.eye(6), ["a", "a", "b", "b", "b", "b"], neighbours=2)
    assert found.measured == pytest.approx((1 / 2 + 1 / 2) / 6)
    # The same rows the other way round: 0 finds 1, 2; 1 finds 0, 2; 2 and 3 find 0, 1.
    found = purity(np.eye(6), ["b", "b", "b", "b", "a", "a"], neighbours=2)
    assert found.measured == pytest.approx(4 / 6)


def test_rotating_all_and_scaling_each_changes_no_neighbour(rng):
    vectors, labels = cloud(rng)
    # Ties too: equal vectors, and one-hot vectors at 0 from each other.
    vectors = np.concatenate([vectors, vectors[:20], np.eye(6), 3 * np.eye(6)])
    labels += rng.choice(["a", "b"], 32).tolist()
    turned = vectors @ rotation(rng, 6) * rng.uniform(0.1, 9, size=(len(vectors), 1))
    for k in (1, 2, 5):
        assert purity(turned, labels, k) == purity(vectors, labels, k)
    words = [f"w{i}" for i in range(len(vectors))]
    for word in ("w3", "w83", "w100", "w111"):
        before = neighbours(vectors, words, word, 60)
        after = neighbours(turned, words, word, 60)
        assert [other for other, _ in after] == [other for other, _ in before]


def test_both_measures_choose_the_same_neighbours_where_cosines_are_equal(rng):
    vectors = rng.integers(-1, 2, size=(40, 3))
    words = [f"w{i}" for i in range(40)]
    for k in (1, 4, 9):
        shares = []
        for i, word in enumerate(words):
            near = [words.index(w) for w, _ in neighbours(vectors, words, word, k)]
            shares.append(sum(j % 3 == i % 3 for j in near) / k)
        found = purity(vectors, [i % 3 for i in range(40)], k)
        assert found.measured == pytest.approx(np.mean(shares))


def test_each_word_needs_a_label():
    with pytest.raises(ValueError, match="3 labels do not fit 5 vectors"):
        purity(HARBOUR, ["a", "b", None])


@pytest.mark.parametrize("k", [0, 5])
def test_more_neighbours_than_there_are_or_none_are_refused(k):
    with pytest.raises(ValueError, match=f"1 or more and below 5, .* not {k}"):
        purity(HARBOUR, "ababa", k)
    assert purity(HARBOUR, "ababa", 4).measured == pytest.approx(2 / 5)


def test_purity_of_no_labels_or_among_no_rows_is_refused():
    with pytest.raises(ValueError, match="below 0, the number of rows that may be"):
        purity(HARBOUR, [None] * 5)
    with pytest.raises(ValueError, match="below 0, the number of rows that may be"):
        purity(HARBOUR, "ababa", 1, among=[])


def test_a_result_cannot_be_changed():
    found = purity(HARBOUR, "ababa", 1)
    with pytest.raises(AttributeError, match="measured"):
        found.measured = 1.0


# Anisotropy


def test_anisotropy_is_the_mean_computed_by_hand():
    # Of the six pairs of the first four rows: 0.8 + 0 - 0.6 + 0.6 + 0 + 0.8 = 1.6
    assert anisotropy(HARBOUR[:4]) == pytest.approx(1.6 / 6)
    # The zero vector adds four pairs of cosine 0.
    assert anisotropy(HARBOUR) == pytest.approx(1.6 / 10)


def test_anisotropy_is_the_mean_over_all_pairs_of_different_rows(rng):
    vectors, _ = cloud(rng)
    different = ~np.eye(len(vectors), dtype=bool)
    expected = cosines(vectors)[different].mean()
    assert anisotropy(vectors) == pytest.approx(expected)


def test_anisotropy_has_its_known_limits(rng):
    line = rng.uniform(1, 9, size=(50, 1)) * rng.normal(size=4)
    assert anisotropy(line) == pytest.approx(1)
    assert anisotropy(np.eye(5)) == pytest.approx(0)
    assert anisotropy(np.zeros((3, 2))) == 0
    # The least that V vectors can have, where they sum to zero: -1 / (V - 1)
    assert anisotropy(np.array([[1.0], [-4.0]])) == pytest.approx(-1)
    centred = np.eye(5) - 1 / 5
    assert anisotropy(centred) == pytest.approx(-1 / 4)


def test_rotating_all_and_scaling_each_changes_no_anisotropy(rng):
    vectors, _ = cloud(rng)
    turned = vectors @ rotation(rng, 6) * rng.uniform(0.1, 9, size=(len(vectors), 1))
    assert anisotropy(turned) == pytest.approx(anisotropy(vectors))


def test_adding_one_vector_to_all_makes_a_narrow_cone(rng):
    vectors = rng.normal(size=(400, 10))
    assert abs(anisotropy(vectors)) < 0.02
    assert anisotropy(vectors + 5) > 0.9


def test_one_row_has_no_other_row():
    with pytest.raises(ValueError, match="two rows or more, not 1"):
        anisotropy(np.ones((1, 3)))


# What is refused everywhere


@pytest.fixture(params=["cosines", "neighbours", "purity", "anisotropy"])
def measure(request):
    return {
        "cosines": cosines,
        "neighbours": lambda v: neighbours(v, WORDS[: len(v)], "boat"),
        "purity": lambda v: purity(v, "ababa"[: len(v)], 1),
        "anisotropy": anisotropy,
    }[request.param]


@pytest.mark.parametrize("shape", [(4,), (4, 2, 2), (4, 0)])
def test_vectors_of_another_shape_are_refused(shape, measure):
    with pytest.raises(ValueError, match=r"shape \(V, D\).* not \(4,"):
        measure(np.ones(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_named(bad, measure):
    vectors = HARBOUR.copy()
    vectors[3, 1] = bad
    with pytest.raises(ValueError, match="vector of row 3 is not finite"):
        measure(vectors)


@pytest.mark.parametrize(
    "ask",
    [lambda r: cosines(HARBOUR, r), lambda r: purity(HARBOUR, "ababa", 1, among=r)],
    ids=["cosines", "purity"],
)
def test_rows_that_are_no_row_numbers_are_refused(ask):
    for bad in (-1, 5):
        with pytest.raises(ValueError, match=rf"row {bad} is not in 0\.\.4"):
            ask([0, bad])
    with pytest.raises(ValueError, match="whole numbers in one dimension, not bool"):
        ask([True, False, True, True, False])
    with pytest.raises(ValueError, match=r"not int64 of shape \(1, 2\)"):
        ask([[0, 1]])


# Which side of a word its vector leans to


def test_a_vector_leans_to_the_side_that_it_was_made_of():
    ids = np.random.default_rng(0).integers(12, size=4_000)
    ids[1::2] = (3 * ids[:-1:2]) % 12  # every second word follows from the one before
    beside = np.zeros((12, 12))
    np.add.at(beside, (ids[:-1], ids[1:]), 1)
    after = probe.leaning(np.sqrt(beside / beside.sum(1, keepdims=True)), ids)
    before = probe.leaning(np.sqrt(beside.T / beside.T.sum(1, keepdims=True)), ids)
    # The vectors are the distributions themselves, so cosine and likeness agree.
    assert after.followers == pytest.approx(1)
    assert before.predecessors == pytest.approx(1)
    assert after.predecessors < 0.9
    assert before.followers < 0.9


def test_leaning_by_hand():
    # 0 and 1 are both followed by 3, then 2 by 4: alike are 0 and 1 alone.
    ids = [0, 3, 1, 3, 2, 4, 0, 3, 1, 3, 2, 4]
    vectors = np.array([[1.0, 0], [1, 0], [0, 1], [1, 1], [-1, 1]])
    # asked: 0, 1, 2, 3, 4, each twice or more. Followers: 0 and 1 have 3; 2 has 4;
    # 3 has 1 and 2, half each; 4 has 0 (its second one ends the text).
    likeness = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    cosine = [1, 0, 0.5**0.5, -(0.5**0.5), 0, 0.5**0.5, -(0.5**0.5)]
    cosine += [0.5**0.5, 0.5**0.5, 0]
    found = probe.leaning(vectors, ids, least=2)
    assert found.followers == pytest.approx(np.corrcoef(likeness, cosine)[0, 1])
    # Predecessors: 0 has 4; 1 has 3, 2 has 3; 3 has 0 and 1; 4 has 2.
    likeness = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert found.predecessors == pytest.approx(np.corrcoef(likeness, cosine)[0, 1])


def test_leaning_needs_words_to_compare():
    with pytest.raises(ValueError, match="only 2 words occur 2 times, three must"):
        probe.leaning(np.eye(3), [0, 1, 0, 1, 2], least=2)
