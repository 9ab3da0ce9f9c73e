"""word2vec: formulas, losses against plain loops, steps against derivatives."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion import word2vec
from companion.word2vec import (
    Config,
    Word2Vec,
    against_noise,
    down_the_tree,
    group,
    huffman,
    keep_probability,
    loss,
    noise_distribution,
    read,
    softmax_loss,
    train,
)

V, D = 7, 3


def model_of(**config):
    model = Word2Vec(Config(V, D, **config))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model.table.normal_(generator=generator)
        model.output.normal_(generator=generator)
    return model


def some_groups(generator):
    """Return two groups of four centres, with a margin of two words on each side."""
    around = generator.integers(V, size=(2, 8))
    sentence = np.array([[-1, 0, 0, 0, 0, 1, 1, 1], [2, 2, 2, 2, 3, 3, -1, -1]])
    reach = np.array([[1, 2, 2, 1], [2, 1, 2, 0]])
    return group(around, sentence, reach), around, sentence, reach


def pairs_of(around, sentence, reach):
    """Yield group, place of a centre among the centres, and place of its neighbour."""
    for g in range(len(around)):
        for centre in range(reach.shape[1]):
            for other in range(around.shape[1]):
                distance = abs(other - (centre + 2))
                if 0 < distance <= reach[g, centre]:
                    if sentence[g, other] == sentence[g, centre + 2]:
                        yield g, centre, other


def test_neighbours_are_within_reach_and_in_the_sentence():
    groups, *told = some_groups(np.random.default_rng(0))
    found = {tuple(place) for place in groups.near.nonzero().tolist()}
    assert found == set(pairs_of(*told))
    assert groups.centres.tolist() == told[0][:, 2:6].tolist()
    # By hand: the first centre of the first group stands alone with what follows.
    assert groups.near[0, 0].tolist() == [0, 1, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("architecture", word2vec.ARCHITECTURES)
@pytest.mark.parametrize("output", word2vec.OUTPUTS)
def test_the_loss_is_that_of_its_pairs_one_by_one(architecture, output):
    model = model_of(architecture=architecture, output=output)
    groups, around, *rest = some_groups(np.random.default_rng(0))
    noise = torch.tensor([[0, 3, 3], [5, 1, 6]])
    tree = huffman([5, 4, 4, 3, 2, 1, 1])
    inputs, targets, pull = read(model.table, groups, architecture)
    if output == "softmax":
        ours = softmax_loss(inputs, model.output, targets, pull)
    elif output == "negative sampling":
        ours = loss(inputs, model.output, against_noise(targets, pull, noise, 2))
    else:
        ours = loss(inputs, model.output, down_the_tree(targets, pull, tree))

    near = {}
    for g, centre, other in pairs_of(around, *rest):
        near.setdefault((g, centre), []).append(int(around[g, other]))
    examples = []  # a vector that is read, and the word to be guessed
    for (g, centre), others in near.items():
        word = int(around[g, centre + 2])
        if architecture == "CBOW":
            examples.append((g, model.table[others].mean(0), word))
        else:
            examples += [(g, model.table[word], other) for other in others]
    expected = 0.0
    for g, x, word in examples:
        if output == "softmax":
            expected -= torch.log_softmax(model.output @ x, 0)[word]
        elif output == "negative sampling":
            expected -= F.logsigmoid(model.output[word] @ x)
            for drawn in noise[g]:  # two thirds each, to make two of three
                expected -= 2 / 3 * F.logsigmoid(-model.output[drawn] @ x)
        else:
            for node, turn in zip(tree.nodes[word], tree.turns[word], strict=True):
                if turn:
                    expected -= F.logsigmoid(turn * (model.output[node] @ x))
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("architecture", word2vec.ARCHITECTURES)
@pytest.mark.parametrize("output", word2vec.OUTPUTS)
def test_a_step_goes_against_the_derivatives_of_the_loss(architecture, output):
    model = model_of(architecture=architecture, output=output)
    groups, *_ = some_groups(np.random.default_rng(0))
    counts = np.array([5, 4, 4, 3, 2, 1, 1])
    learner = word2vec._Learner(model, counts)
    inputs, targets, pull = read(model.table, groups, architecture)
    inputs.retain_grad()
    if output == "softmax":
        value = softmax_loss(inputs, model.output, targets, pull)
    else:
        scored = learner.scored(targets, pull, np.random.default_rng(5))
        value = loss(inputs, model.output, scored)
    value.backward()
    for_table = model.table.grad
    if architecture == "CBOW":  # each neighbour moves as far as the mean should
        for_table = torch.zeros(V, D)
        for g, centre, other in groups.near.nonzero().tolist():
            for_table[groups.around[g, other]] += inputs.grad[g, centre]
    before = [one.detach().clone() for one in (model.table, model.output)]
    learner.step(groups, 0.01, np.random.default_rng(5))
    torch.testing.assert_close(model.table.detach(), before[0] - 0.01 * for_table)
    expected = before[1] - 0.01 * model.output.grad
    torch.testing.assert_close(model.output.detach(), expected)


def test_derivatives_agree_with_small_differences():
    groups, *_ = some_groups(np.random.default_rng(0))
    tree, noise = huffman([5, 4, 4, 3, 2, 1, 1]), torch.tensor([[0, 3], [5, 1]])
    for architecture in word2vec.ARCHITECTURES:
        model = model_of(architecture=architecture).double()

        def sampled(table, output, architecture=architecture):
            inputs, targets, pull = read(table, groups, architecture)
            return loss(inputs, output, against_noise(targets, pull, noise, 2))

        def treed(table, output, architecture=architecture):
            inputs, targets, pull = read(table, groups, architecture)
            return loss(inputs, output, down_the_tree(targets, pull, tree))

        def over_all(table, output, architecture=architecture):
            inputs, targets, pull = read(table, groups, architecture)
            return softmax_loss(inputs, output, targets, pull)

        for function in (sampled, treed, over_all):
            tables = (model.table, model.output)
            assert torch.autograd.gradcheck(function, tables)


# The formulas


def test_the_tree_gives_every_vector_a_distribution():
    counts = np.random.default_rng(0).integers(1, 100, 50)
    tree = huffman(counts)
    x, output = torch.randn(4, D), torch.randn(49, D)
    scores = (output[tree.nodes] @ x.T) * tree.turns[..., None]  # (50, L, 4)
    on_the_way = (tree.turns != 0)[..., None]
    log_p = torch.where(on_the_way, F.logsigmoid(scores), 0).sum(1)
    torch.testing.assert_close(log_p.exp().sum(0), torch.ones(4))


def test_frequent_words_have_short_ways():
    tree = huffman([5, 3, 1, 1])
    # 1 + 1 = 2, 2 + 3 = 5, 5 + 5: ways of 1, 2, 3 and 3 turns, 17 turns in all
    lengths = tree.turns.abs().sum(1)
    assert lengths.tolist() == [1, 2, 3, 3]
    counts = np.random.default_rng(1).integers(1, 1000, 200)
    found = huffman(counts).turns.abs().sum(1).numpy()
    entropy = -(counts / counts.sum() * np.log2(counts / counts.sum())).sum()
    assert entropy <= (found * counts).sum() / counts.sum() < entropy + 1


def test_noise_is_in_expectation_as_many_words_a_pair():
    # By [mikolov2013distributed], equation 4, each pair pays
    # -k * sum over w of P(w) ln sigmoid(-score of w) for noise, in expectation.
    model = model_of()
    groups, *_ = some_groups(np.random.default_rng(0))
    inputs, targets, pull = read(model.table, groups, "skip-gram")
    p = torch.tensor(noise_distribution(np.array([5, 4, 4, 3, 2, 1, 1]))).float()
    paid_a_word = -F.logsigmoid(-(inputs @ model.output.T)) @ p  # (G, R)
    expected = 5 * (pull.sum(-1) * paid_a_word).sum()
    of_pairs = loss(
        inputs, model.output, against_noise(targets, pull, targets[:, :1], 5)
    )
    drawn = torch.multinomial(p, 2 * 40_000, replacement=True).view(2, -1)
    with_noise = loss(inputs, model.output, against_noise(targets, pull, drawn, 5))
    nothing = loss(inputs, model.output, against_noise(targets, pull, drawn, 0))
    torch.testing.assert_close(with_noise - nothing, expected, rtol=0.02, atol=0)
    assert of_pairs > nothing


def test_subsampling_leaves_out_frequent_words():
    # Shares 0.5, 0.3, 0.2 with t = 0.1: z / t is 5, 3 and 2; (sqrt(5) + 1) / 5 = 0.647.
    found = keep_probability(np.array([5, 3, 2]), 0.1)
    expected = [(math.sqrt(5) + 1) / 5, (math.sqrt(3) + 1) / 3, 1.0]
    np.testing.assert_allclose(found, expected)
    assert (keep_probability(np.array([5, 3, 2]), 1.0) == 1).all()


def test_noise_is_drawn_by_counts_to_the_power_of_three_quarters():
    # 16 ** 0.75 = 8 and 1 ** 0.75 = 1
    np.testing.assert_allclose(noise_distribution([16, 1, 0]), [8 / 9, 1 / 9, 0])


def text_of(words, times, seed=0):
    """Return sentences in which b and c stand between the same words, d elsewhere."""
    generator = np.random.default_rng(seed)
    made = []
    for _ in range(times):
        middle = generator.integers(2)
        made.append([0, 1 + middle, 3] if generator.random() < 0.5 else [4, 5, 6])
    return made


@pytest.mark.parametrize("architecture", word2vec.ARCHITECTURES)
@pytest.mark.parametrize("output", word2vec.OUTPUTS)
def test_words_among_the_same_neighbours_get_similar_vectors(architecture, output):
    config = Config(V, 8, architecture, output, window=2, threshold=1.0, epochs=20)
    model, log = train(text_of(V, 2_000), config)
    units = F.normalize(torch.from_numpy(model.vectors()))
    cosine = units @ units.T
    assert cosine[1, 2] > 0.9 > 0.6 > cosine[1, 5]
    assert [entry["epoch"] for entry in log] == list(range(1, 21))
    assert log[-1]["words"] == 20 * 6_000


def test_a_seed_decides_everything():
    first, _ = train(text_of(V, 200), Config(V, 8, epochs=1, seed=3))
    again, _ = train(text_of(V, 200), Config(V, 8, epochs=1, seed=3))
    other, _ = train(text_of(V, 200), Config(V, 8, epochs=1, seed=4))
    assert (first.vectors() == again.vectors()).all()
    assert not (first.vectors() == other.vectors()).all()


def test_every_pair_of_an_epoch_is_seen_once_and_reaches_are_uniform():
    generator = np.random.default_rng(0)
    sentences = [generator.integers(V, size=n) for n in (40, 1, 3, 90, 2)]
    config = Config(V, window=3, threshold=1.0)
    text = word2vec._Text(sentences, config)
    seen = np.zeros((V, V), int)
    reaches = []
    for epoch in range(300):
        for _, groups in text.steps(np.random.default_rng(epoch)):
            for g, centre, other in groups.near.nonzero().tolist():
                place = other - centre - 3
                reaches.append(abs(place))
                seen[groups.centres[g, centre], groups.around[g, other]] += 1
    # A neighbour at distance 1, 2, 3 is taken with probability 1, 2/3, 1/3.
    expected = np.zeros((V, V))
    for sentence in sentences:
        for i, centre in enumerate(sentence):
            for j, other in enumerate(sentence):
                if 0 < abs(i - j) <= 3:
                    expected[centre, other] += (4 - abs(i - j)) / 3 * 300
    off = (seen - expected) / np.sqrt(np.maximum(expected, 1))
    assert np.abs(off).max() < 4
    assert (seen[expected == 0] == 0).all()


def test_frequent_rows_of_a_step_move_by_a_mean_and_not_by_a_sum():
    table = torch.zeros(2, 1)
    rows = torch.tensor([[0] * 100 + [1] * 10])
    ones = torch.ones(1, 110)
    word2vec._descend(table, rows, ones[..., None], ones, rate=1.0)
    # Row 1: ten times one. Row 0: a hundred times one, as if it were `TOGETHER`.
    assert table.flatten().tolist() == pytest.approx([-word2vec.TOGETHER, -10.0])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"vocabulary_size": 1}, "vocabulary_size is a whole number, 2 or more"),
        ({"width": 0}, "width is a whole number, 1 or more"),
        ({"window": 2.5}, "window is a whole number, 1 or more"),
        ({"threshold": 0}, "threshold is above 0"),
        ({"learning_rate": 2}, "learning_rate is above 0, 1 at most"),
        ({"architecture": "GloVe"}, "architecture is one of .*CBOW"),
        ({"output": "tree"}, "output is one of .*hierarchical softmax"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(changes, expected):
    with pytest.raises(
        ValueError, match=f"^{expected}.*not {list(changes.values())[0]!r}"
    ):
        Config(**({"vocabulary_size": V} | changes))


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        ([], "no sentence has two words"),
        ([[1], [2]], "no sentence has two words"),
        ([[1, 2, V]], rf"the id {V} is not in 0\.\.{V - 1}"),
        ([[1, -2]], r"the id -2 is not in"),
    ],
)
def test_a_text_that_cannot_be_learnt_from_is_refused(sentences, expected):
    with pytest.raises(ValueError, match=expected):
        train(sentences, Config(V))
