"""word2vec: keep the matrix Q, drop the task that it was learnt for.

Chapter 4. Sources: [mikolov2013efficient], CBOW and skip-gram;
[mikolov2013distributed], negative sampling and subsampling; [morin2005hierarchical],
the output as a tree. Unlike the net of chapter 3 it has no hidden layer and forgets the
order of the words around: a word is guessed from its neighbours (CBOW), or each
neighbour from it (skip-gram).

The companion's training loop would move every row at every step, so there is one of its
own here. It reads a text in groups: R centre words that stand side by side, the words
around them, and noise words, which the R share. All products of a group are one matrix
product. Axes: V vocabulary, D width; G groups of a step, R centres of a group, C words
that stand in or around it, S rows of the output layer that it is scored against.
"""

import heapq
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from companion.text import windows

CENTRES = 32  # R; a window of 5 reaches 10 words further
GROUPS = 32  # G
NOISE = 64  # noise words that a group shares
# A row's changes in a step are added up. Unlike changes made one by one, none knows of
# the others, and many together go too far: of more than this many, the mean counts.
TOGETHER = 32
ARCHITECTURES = ("skip-gram", "CBOW")
OUTPUTS = ("negative sampling", "hierarchical softmax", "softmax")
POWER = 0.75  # of the counts that noise is drawn by


@dataclass(frozen=True)
class Config:
    """What is learnt, and how.

    Attributes:
        vocabulary_size: V.
        width: D, numbers in a word's vector.
        architecture: "skip-gram" or "CBOW".
        output: "negative sampling", "hierarchical softmax" or "softmax".
        window: How far neighbours may stand from a centre word; each centre draws its
            own reach from 1 to this.
        negatives: Noise words a pair, for negative sampling.
        threshold: Share of a text above which a word is left out now and then; 1: none.
        epochs: How often the text is read.
        learning_rate: Of the first step; it falls on a line to a ten-thousandth.
        seed: Draws the first vectors, reaches, noise, what is left out, and the order.
    """

    vocabulary_size: int
    width: int = 100
    architecture: str = "skip-gram"
    output: str = "negative sampling"
    window: int = 5
    negatives: int = 5
    threshold: float = 1e-3
    epochs: int = 5
    learning_rate: float = 0.025
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"vocabulary_size": 2, "width": 1, "window": 1, "negatives": 1}
        for name, smallest in (least | {"epochs": 1, "seed": 0}).items():
            value = getattr(self, name)
            if type(value) is not int or value < smallest:
                raise ValueError(
                    f"{name} is a whole number, {smallest} or more, not {value!r}"
                )
        for name in ("threshold", "learning_rate"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(
                    f"{name} is above 0, 1 at most, not {getattr(self, name)!r}"
                )
        for name, known in (("architecture", ARCHITECTURES), ("output", OUTPUTS)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} is one of {known}, not {getattr(self, name)!r}"
                )


class Groups(NamedTuple):
    """Groups of centre words and what stands around them.

    Attributes:
        centres: Ids, int64, shape (G, R).
        around: Ids of the centres and of the words before and after, shape (G, C).
        near: Where a word is a neighbour of a centre, bool, shape (G, R, C).
    """

    centres: Tensor
    around: Tensor
    near: Tensor


class Tree(NamedTuple):
    """A binary tree with the words as leaves: the way from the root to each.

    Attributes:
        nodes: The inner nodes on the way, 0 to V - 2, int64, shape (V, L).
        turns: Where the way turns at each: 1 or -1; 0 behind its end, shape (V, L).
    """

    nodes: Tensor
    turns: Tensor


class Word2Vec(nn.Module):
    """Two tables: the vectors of words that are read, and of what is guessed.

    `output` has a row for each word, or for each inner node of the tree.
    """

    Config = Config

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        size, width = config.vocabulary_size, config.width
        nodes = size - 1 if config.output == "hierarchical softmax" else size
        generator = torch.Generator().manual_seed(config.seed)
        first = torch.rand(size, width, generator=generator)
        self.table = nn.Parameter((first - 0.5) / width)
        self.output = nn.Parameter(torch.zeros(nodes, width))

    def vectors(self) -> np.ndarray:
        """Return the vectors of the words, float, shape (V, D)."""
        return self.table.detach().cpu().numpy()


def keep_probability(counts: np.ndarray, threshold: float) -> np.ndarray:
    """Return the probability that an occurrence of each word is read, shape (V,).

    With z the word's share of the text, (sqrt(z / t) + 1) t / z, at most 1.

    Args:
        counts: Of each word, shape (V,).
        threshold: t.

    Source: the authors' program; [mikolov2013distributed], equation 5, prints
        sqrt(t / z), which leaves out more.

    >>> keep_probability(np.array([1, 99]), threshold=0.01).round(2)
    array([1.  , 0.11])
    """
    share = np.maximum(counts, 1) / counts.sum()
    return np.minimum(1, (np.sqrt(share / threshold) + 1) * threshold / share)


def noise_distribution(counts: np.ndarray) -> np.ndarray:
    """Return the distribution that noise words are drawn from, shape (V,).

    Source: [mikolov2013distributed], section 2.2: counts to the power of 3/4.
    """
    raised = np.asarray(counts, float) ** POWER
    return raised / raised.sum()


def huffman(counts: Sequence[int] | np.ndarray) -> Tree:
    """Return the tree in which frequent words have the shortest ways.

    Source: [mikolov2013distributed], section 2.1, a Huffman tree.

    >>> huffman([5, 3, 1, 1]).turns.abs().sum(1).tolist()  # the lengths of the ways
    [1, 2, 3, 3]
    """
    size = len(counts)
    if size < 2:
        raise ValueError(f"a tree needs two words or more, not {size}")
    heap = [(int(count), word) for word, count in enumerate(counts)]
    heapq.heapify(heap)
    parent = np.zeros(2 * size - 2, int)
    turn = np.ones(2 * size - 2, int)
    for node in range(size, 2 * size - 1):
        (few, one), (more, other) = heapq.heappop(heap), heapq.heappop(heap)
        parent[[one, other]] = node
        turn[other] = -1
        heapq.heappush(heap, (few + more, node))
    ways = []
    for word in range(size):
        way, place = [], word
        while place != 2 * size - 2:  # the root
            way.append((parent[place] - size, turn[place]))
            place = parent[place]
        ways.append(way[::-1])
    longest = max(map(len, ways))
    padded = np.array([way + [(0, 0)] * (longest - len(way)) for way in ways])
    return Tree(torch.from_numpy(padded[..., 0]), torch.from_numpy(padded[..., 1]))


class Scored(NamedTuple):
    """What the vectors of a step are scored against.

    The score of an input and a row is their product; the loss is a sum over both of
    -weight * ln sigmoid(score) where the label is 1, and of
    -weight * ln (1 - sigmoid(score)) where it is 0.

    Attributes:
        rows: Rows of `output`, int64, shape (G, S).
        labels: 1 or 0, float, shape (G, 1, S).
        weights: How often each counts, float, shape (G, R, S).
    """

    rows: Tensor
    labels: Tensor
    weights: Tensor


def against_noise(
    targets: Tensor, pull: Tensor, noise: Tensor, negatives: int
) -> Scored:
    """Return what negative sampling scores: what is to be guessed, and noise.

    Each pair has `negatives` noise words in expectation: all inputs of a group share
    its noise words, each weighted down accordingly.

    Args:
        targets: Ids of what is to be guessed, int64, shape (G, C).
        pull: Which of them from which input, 1 or 0, float, shape (G, R, C).
        noise: Ids of noise words, int64, shape (G, N).
        negatives: Noise words a pair.

    Source: [mikolov2013distributed], equation 4.
    """
    each = pull.sum(-1, keepdim=True) * (negatives / noise.shape[1])  # (G, R, 1)
    weights = torch.cat([pull, each.expand(*pull.shape[:2], noise.shape[1])], -1)
    labels = torch.cat([pull.new_ones(targets.shape), pull.new_zeros(noise.shape)], -1)
    return Scored(torch.cat([targets, noise], -1), labels[:, None], weights)


def down_the_tree(targets: Tensor, pull: Tensor, tree: Tree) -> Scored:
    """Return what hierarchical softmax scores: the nodes on the ways to the targets.

    Args:
        targets: Ids of what is to be guessed, int64, shape (G, C).
        pull: Which of them from which input, 1 or 0, float, shape (G, R, C).
        tree: The ways.

    Source: [mikolov2013distributed], equation 3.
    """
    turns = tree.turns[targets]  # (G, C, L)
    weights = pull[..., None] * (turns != 0)[:, None]  # (G, R, C, L)
    labels = (turns > 0).to(pull.dtype).flatten(1)[:, None]  # (G, 1, C * L)
    return Scored(tree.nodes[targets].flatten(1), labels, weights.flatten(2))


def loss(inputs: Tensor, output: Tensor, scored: Scored) -> Tensor:
    """Return the loss of a step, in nats, shape ().

    Args:
        inputs: Vectors that are read, shape (G, R, D).
        output: The output table, shape (V, D).
        scored: What they are scored against.
    """
    scores = inputs @ output[scored.rows].transpose(1, 2)  # (G, R, S)
    return F.binary_cross_entropy_with_logits(
        scores, scored.labels.expand_as(scores), scored.weights, reduction="sum"
    )


def softmax_loss(
    inputs: Tensor, output: Tensor, targets: Tensor, pull: Tensor
) -> Tensor:
    """Return the same for the softmax over all words: the sum of -ln p.

    Args:
        inputs: Vectors that are read, shape (G, R, D).
        output: The output table, shape (V, D).
        targets: Ids of what is to be guessed, int64, shape (G, C).
        pull: Which of them from which input, 1 or 0, float, shape (G, R, C).
    """
    scores = inputs @ output[targets].transpose(1, 2)  # (G, R, C)
    normaliser = torch.logsumexp(inputs @ output.T, -1)  # (G, R)
    return (pull.sum(-1) * normaliser).sum() - (pull * scores).sum()


def read(table: Tensor, groups: Groups, architecture: str) -> tuple[Tensor, ...]:
    """Return the vectors that a step reads, and what is to be guessed from them.

    Skip-gram reads each centre word, and its neighbours are to be guessed. CBOW reads
    the mean of the neighbours, and the centre is to be guessed.

    Args:
        table: Q, shape (V, D).
        groups: The words.
        architecture: "skip-gram" or "CBOW".

    Returns:
        Vectors, shape (G, R, D); ids of what is to be guessed, int64, shape (G, C);
        and which of these from which vector, 1 or 0, float, shape (G, R, C).
    """
    near = groups.near.to(table.dtype)
    if architecture == "skip-gram":
        return table[groups.centres], groups.around, near
    number = near.sum(-1, keepdim=True)  # (G, R, 1)
    mean = (near / number.clamp(min=1)) @ table[groups.around]  # (G, R, D)
    itself = torch.eye(near.shape[1], dtype=table.dtype).expand(len(near), -1, -1)
    return mean, groups.centres, itself * (number > 0)


class _Text:
    """A text in one line, and its groups, drawn anew for each epoch."""

    def __init__(self, sentences: Sequence[Sequence[int] | np.ndarray], config: Config):
        lengths = [len(sentence) for sentence in sentences]
        if max(lengths, default=0) < 2:
            raise ValueError("no sentence has two words: there is nothing to guess")
        self.ids = np.concatenate([np.asarray(s, np.int64) for s in sentences])
        size = config.vocabulary_size
        if self.ids.min() < 0 or self.ids.max() >= size:
            wrong = self.ids[(self.ids < 0) | (self.ids >= size)][0]
            raise ValueError(f"the id {wrong} is not in 0..{size - 1}")
        self.sentence = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        self.counts = np.bincount(self.ids, minlength=size)
        self.config = config

    def steps(self, random: np.random.Generator) -> Iterator[tuple[float, Groups]]:
        """Yield the groups of each step, and the share of the text read before it."""
        config = self.config
        keep = keep_probability(self.counts, config.threshold)[self.ids]
        kept = random.random(len(keep)) < keep
        ids, sentence = self.ids[kept], self.sentence[kept]
        reach = random.integers(1, config.window + 1, len(ids))
        number = -(-len(ids) // CENTRES)
        missing = number * CENTRES - len(ids)
        reach = np.pad(reach, (0, missing)).reshape(number, CENTRES)
        margin = (config.window, config.window + missing)
        size = CENTRES + 2 * config.window
        around = windows(np.pad(ids, margin), size)[::CENTRES]
        place = windows(np.pad(sentence, margin, constant_values=-1), size)[::CENTRES]
        order = random.permutation(number)
        for first in range(0, number, GROUPS):
            some = order[first : first + GROUPS]
            yield first / number, group(around[some], place[some], reach[some])


def group(around: np.ndarray, sentence: np.ndarray, reach: np.ndarray) -> Groups:
    """Return groups of centre words, given what stands in and around them.

    Args:
        around: Ids, int, shape (G, C).
        sentence: The number of each one's sentence, shape (G, C).
        reach: How far from each centre its neighbours stand, shape (G, R).
    """
    centres, margin = reach.shape[1], (around.shape[1] - reach.shape[1]) // 2
    inside = slice(margin, margin + centres)
    distance = np.abs(np.arange(around.shape[1]) - margin - np.arange(centres)[:, None])
    near = (distance > 0) & (distance <= reach[..., None])  # (G, R, C)
    near &= sentence[:, inside, None] == sentence[:, None]
    ids = torch.from_numpy(np.ascontiguousarray(around))
    return Groups(ids[:, inside], ids, torch.from_numpy(near))


class _Learner:
    """The steps of a training. `companion.word2vec.loss` is what they descend.

    Derivatives are written out: that of the loss with respect to a score is the
    `error`, weight * (sigmoid(score) - label), or with the softmax the probabilities
    less what was there.
    """

    def __init__(self, model: Word2Vec, counts: np.ndarray):
        self.model, self.config = model, model.config
        self.noise = np.cumsum(noise_distribution(counts))
        if self.config.output == "hierarchical softmax":
            self.tree = huffman(counts)

    @torch.no_grad()
    def step(self, groups: Groups, rate: float, random: np.random.Generator) -> None:
        """Move both tables against the derivatives of the loss of some groups."""
        table, output = self.model.table, self.model.output
        inputs, targets, pull = read(table, groups, self.config.architecture)
        if self.config.output == "softmax":
            rows, error = _softmax_error(inputs, output, targets, pull)
        else:
            scored = self.scored(targets, pull, random)
            scores = inputs @ output[scored.rows].transpose(1, 2)  # (G, R, S)
            rows = scored.rows
            error = scored.weights * (torch.sigmoid(scores) - scored.labels)
        size = error.abs()
        for_inputs = error @ output[rows]  # (G, R, D)
        for_rows = error.transpose(1, 2) @ inputs  # (G, S, D)
        _descend(output, rows, for_rows, size.sum(1), rate)
        if self.config.architecture == "skip-gram":
            _descend(table, groups.centres, for_inputs, size.sum(2), rate)
            return
        # As in the authors' program, each neighbour moves as far as the mean should.
        near = groups.near.float().transpose(1, 2)  # (G, C, R)
        moved = (near @ size.sum(2, keepdim=True)).squeeze(2)
        _descend(table, groups.around, near @ for_inputs, moved, rate)

    def scored(
        self, targets: Tensor, pull: Tensor, random: np.random.Generator
    ) -> Scored:
        """Return what inputs are scored against, by the tree or with noise."""
        if self.config.output == "hierarchical softmax":
            return down_the_tree(targets, pull, self.tree)
        drawn = np.searchsorted(self.noise, random.random((len(targets), NOISE)))
        return against_noise(
            targets, pull, torch.from_numpy(drawn), self.config.negatives
        )


def _softmax_error(
    inputs: Tensor, output: Tensor, targets: Tensor, pull: Tensor
) -> tuple[Tensor, Tensor]:
    """Return all rows, for each group, and the derivatives of `softmax_loss`."""
    p = torch.softmax(inputs @ output.T, -1)  # (G, R, V)
    error = p * pull.sum(-1, keepdim=True)
    where = targets[:, None].expand_as(pull)
    return (
        torch.arange(len(output)).expand(len(inputs), -1),
        error.scatter_add(2, where, -pull),
    )


def _descend(
    table: Tensor, rows: Tensor, derivatives: Tensor, size: Tensor, rate: float
) -> None:
    """Move rows of a table against derivatives, which are added up row by row.

    Args:
        table: Shape (V, D).
        rows: int64, shape (G, S).
        derivatives: Shape (G, S, D).
        size: Sum of the errors without sign that each rests on, shape (G, S).
        rate: The learning rate.
    """
    rows = rows.flatten()
    together = torch.bincount(rows, size.flatten(), minlength=len(table))
    rates = -rate * (TOGETHER / together[rows]).clamp(max=1)
    table.index_add_(0, rows, derivatives.flatten(0, 1) * rates[:, None])


def train(
    sentences: Sequence[Sequence[int] | np.ndarray], config: Config
) -> tuple[Word2Vec, list[dict]]:
    """Return the model that is learnt from sentences, and the log of its training.

    Args:
        sentences: Ids of words; no neighbour stands in another sentence.
        config: How to learn.

    Returns:
        The model, and an entry for each epoch: "epoch" (from 1), "words" read so far,
        those left out included, and "seconds" so far.

    Raises:
        ValueError: No sentence has two words, or an id is not in the vocabulary.
    """
    text = _Text(sentences, config)
    learner = _Learner(Word2Vec(config), text.counts)
    log, began = [], time.perf_counter()
    for epoch in range(config.epochs):
        random = np.random.default_rng([config.seed, epoch])
        for share, groups in text.steps(random):
            left = 1 - (epoch + share) / config.epochs
            learner.step(groups, config.learning_rate * max(left, 1e-4), random)
        words, seconds = len(text.ids) * (epoch + 1), time.perf_counter() - began
        log.append({"epoch": epoch + 1, "words": words, "seconds": round(seconds, 3)})
    return learner.model, log
