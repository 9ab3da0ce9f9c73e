"""Chapter 3 in the field: the neural model of Bengio et al. on the Brown corpus.

Bengio's split, as in chapter 2. A net is trained on the training part; the epoch at
which it is best is chosen on the validation part, and so is the weight of a mixture;
what is reported is of the test part. Axes: T tokens, V vocabulary.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch

from companion import field, nnlm, probe, train
from companion.experiments.ngram import documents_of_test
from companion.experiments.running import Experiment
from companion.field import BengioSplit
from companion.ngram import (
    JelinekMercer,
    KneserNey,
    ModifiedKneserNey,
    NgramModel,
    count_ngrams,
    walk,
)

NET = {"order": 5, "width": 64, "hidden": 128, "dropout": 0.3}
# Chosen on the first 60,000 words of validation, seed 0, among a dozen short trainings.
# What mattered most was AdamW's epsilon: with PyTorch's 1e-8, whatever else was tried,
# the perplexity there stayed above 410; with this one and this rate one epoch gave 366.
EPOCHS = 3
BATCH = 256
LEARNING_RATE = 3e-3
EPSILON = 3e-4
PARTNERS = ("Kneser-Ney, n = 5", "modified Kneser-Ney, n = 5", "Jelinek-Mercer, n = 3")
COMMON = 20  # occurrences in training that a word needs to be asked for its tag
OFTEN = 50  # the same to be compared with all others by what stands beside it
SHOWN = ("Monday", "three", "said", "London", "river", "bank", "woman", "walked")


def corpus() -> field.Brown:
    """Return Brown."""
    return field.brown()


def split(corpus: field.Brown) -> BengioSplit:
    """Return Brown as Bengio et al. cut it."""
    return field.bengio_split(corpus.words)


def counted(split: BengioSplit) -> dict[str, NgramModel]:
    """Return the n-gram models that a net is compared with."""
    smoothings = {
        "Kneser-Ney, n = 5": (5, KneserNey()),
        "modified Kneser-Ney, n = 3": (3, ModifiedKneserNey()),
        "modified Kneser-Ney, n = 5": (5, ModifiedKneserNey()),
        "Jelinek-Mercer, n = 3": (3, JelinekMercer(held_out=split.valid)),
    }
    return {
        name: NgramModel(order, smoothing).fit(split.train, len(split.vocabulary))
        for name, (order, smoothing) in smoothings.items()
    }


def known(split: BengioSplit) -> np.ndarray:
    """Return for each test word how much of what ends with it was seen in training.

    1 if the word alone was, up to 5 if the four words before it were too, shape (T,).
    """
    text = np.concatenate([split.valid[-4:], split.test])  # four more words of context
    steps = walk(count_ngrams(split.train, 5, len(split.vocabulary)), text)
    return sum((found[-len(split.test) :] >= 0).astype(int) for *_, found in steps)


def history(split: BengioSplit) -> np.ndarray:
    """Return for each test word how many words before it were seen together, (T,).

    0 to 4, in training. Unlike `known` it does not look at the word itself.
    """
    text = np.concatenate([split.valid[-4:], split.test])
    steps = walk(count_ngrams(split.train, 5, len(split.vocabulary)), text)
    seen = [(before[-len(split.test) :] >= 0).astype(int) for _, before, _ in steps]
    return sum(seen[1:])  # without the empty history, which is always seen


def documents(corpus: field.Brown, split: BengioSplit) -> np.ndarray:
    """Return for each test word the number of its document, from 0, shape (T,)."""
    return documents_of_test(corpus, split)


def settings(split: BengioSplit) -> dict:
    """Return what was chosen."""
    return {
        "train_tokens": len(split.train),
        "valid_tokens": len(split.valid),
        "test_tokens": len(split.test),
        "vocabulary_size": len(split.vocabulary),
        "net": NET,
        "epochs": EPOCHS,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "epsilon": EPSILON,
        "common": COMMON,
        "often": OFTEN,
    }


def ngrams(
    counted: Mapping[str, NgramModel],
    split: BengioSplit,
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return what the n-gram models pay on the test part.

    `log_loss` sums -ln p over a document's `tokens`; `by_known` has means in nats over
    the words of which `known` is 1 to 5, `known_tokens` their number.
    """
    losses = {name: -model.score(split.test) for name, model in counted.items()}
    return {
        "tokens": np.bincount(documents),
        "log_loss": {k: by_document(v, documents) for k, v in losses.items()},
        "known_tokens": np.bincount(known)[1:],
        "by_known": {k: means(v, known) for k, v in losses.items()},
    }


def histories(
    counted: Mapping[str, NgramModel], split: BengioSplit, history: np.ndarray
) -> dict:
    """Return what they pay by how much of the history was seen, and how often it was.

    Means in nats over the test words of which `history` is 0 to 4.
    """
    return {
        "tokens": np.bincount(history, minlength=5),
        "by_history": {
            name: by_history(-model.score(split.test), history)
            for name, model in counted.items()
        },
    }


def by_history(losses: np.ndarray, history: np.ndarray) -> np.ndarray:
    """Return the mean of -ln p of the words of which `history` is 0 to 4."""
    number = np.maximum(np.bincount(history, minlength=5), 1)
    return (np.bincount(history, losses, minlength=5) / number).round(4)


def by_document(losses: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Return the sum of -ln p of each document's words."""
    return np.bincount(documents, losses).round(3)


def means(losses: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the mean of -ln p of the words in groups 1, 2, ..."""
    return (np.bincount(groups, losses)[1:] / np.bincount(groups)[1:]).round(4)


def untrained(split: BengioSplit, seed: int, **changes) -> nnlm.NNLM:
    """Return a net as it is before training; `changes` are what differs from `NET`."""
    return drawn(split, seed, NET | changes)


def trained(
    split: BengioSplit, seed: int, epochs: int, **changes
) -> tuple[nnlm.NNLM, list[dict]]:
    """Return a net after `epochs` of training, and the log; `changes` as above."""
    model = untrained(split, seed, **changes)
    return model, fitted(model, split, seed, epochs, BATCH, LEARNING_RATE, EPSILON)


def drawn(split: BengioSplit, seed: int, net: Mapping) -> nnlm.NNLM:
    """Return a net of these settings for a split's vocabulary, its weights drawn."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nnlm.NNLM(nnlm.Config(len(split.vocabulary), **net))


def fitted(
    model: nnlm.NNLM,
    split: BengioSplit,
    seed: int,
    epochs: int,
    batch: int,
    learning_rate: float,
    epsilon: float,
) -> list[dict]:
    """Train a net, keep the weights of its best epoch on validation, return the log.

    Args:
        model: The net.
        split: What it learns from, and is chosen on.
        seed: Draws the order of examples, and dropout.
        epochs: How often it reads the training part.
        batch: Examples a step.
        learning_rate: The schedule's peak.
        epsilon: AdamW's.
    """
    examples = nnlm.Windows(split.train, model.config)
    an_epoch = math.ceil(len(examples) / batch)
    config = train.Config(
        steps=epochs * an_epoch,
        batch_size=batch,
        learning_rate=learning_rate,
        epsilon=epsilon,
        warmup=an_epoch // 10,
        evaluate_every=an_epoch,
        seed=seed,
    )
    validate = partial(price, ids=split.valid)
    where = train.device()
    return train.train(model, nnlm.loss, examples, config, validate=validate, on=where)


def price(model: nnlm.NNLM, ids: np.ndarray) -> float:
    """Return the mean of -ln p of a text's words, in nats."""
    return float(-nnlm.score(model, ids).mean())


def course(model: nnlm.NNLM, log: list[dict]) -> dict:
    """Return the size of a net, and what it paid in training, nats by epoch."""
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "train": [entry["loss"] for entry in log],
        "valid": [entry["validation"] for entry in log],
    }


def mixtures(
    model: nnlm.NNLM,
    scores: np.ndarray,
    partners: Mapping[str, NgramModel],
    split: BengioSplit,
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Return the weight of a net beside each partner, and -ln p of the test words.

    Args:
        model: The net.
        scores: Its own ln p of each test word, shape (T,).
        partners: What it is mixed with, by name.
        split: The weight is chosen on its validation part.
    """
    valid, weights, losses = nnlm.score(model, split.valid), {}, {}
    for name, other in partners.items():
        weight = nnlm.mixing_weight(valid, other.score(split.valid))
        weights[name] = weight
        losses[name] = -nnlm.mixed(scores, other.score(split.test), weight)
    return weights, losses


def on_test(
    model: nnlm.NNLM,
    counted: Mapping[str, NgramModel],
    split: BengioSplit,
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return what a net pays on the test part, alone and mixed; as `ngrams` does."""
    scores = nnlm.score(model, split.test)
    partners = {name: counted[name] for name in PARTNERS}
    weights, mixed = mixtures(model, scores, partners, split)
    losses = {"alone": -scores} | {f"with {name}": v for name, v in mixed.items()}
    return {
        "weight": weights,
        "log_loss": {k: by_document(v, documents) for k, v in losses.items()},
        "by_known": {k: means(v, known) for k, v in losses.items()},
    }


def halves(
    scores: np.ndarray, partners: Mapping[str, NgramModel], split: BengioSplit
) -> dict[str, np.ndarray]:
    """Return -ln p of the test words by a net and each partner, half each.

    So [bengio2003neural] mixes, Table 1.
    """
    return {
        name: -nnlm.mixed(scores, other.score(split.test), 0.5)
        for name, other in partners.items()
    }


def tags(corpus: field.Brown, split: BengioSplit) -> list[str | None]:
    """Return each word's most frequent tag in training; None for a rare word.

    Brown's tags without what is added to them, such as -tl for words in a title.
    """
    seen: dict[str, Counter] = defaultdict(Counter)
    pairs = (
        pair
        for document in corpus.documents
        for sentence in document.sentences
        for pair in zip(sentence.tokens, sentence.pos, strict=True)
    )
    for (word, tag), _ in zip(pairs, split.train, strict=False):
        seen[word][re.split(r"[-+*$]", tag)[0] or None] += 1
    return [
        seen[word].most_common(1)[0][0] if seen[word].total() >= COMMON else None
        for word in split.vocabulary.words
    ]


def output_vectors(model: nnlm.NNLM) -> np.ndarray:
    """Return the rows of a net's output layer, one for each word, shape (V, K)."""
    return model.output.weight.detach().cpu().numpy()


def net(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    known: np.ndarray,
    tags: list[str | None],
    seed: int,
) -> dict:
    """Return the measurements of the net of order 5, and of its vectors.

    `purity` is how often a word's ten neighbours have its tag: by the trained vectors,
    by the untrained ones, by the rows of the trained output layer, and by chance.
    """
    model, log = trained(split, seed, EPOCHS)
    words = split.vocabulary.words
    table, output = model.vectors(), output_vectors(model)
    purity = probe.purity(table, tags)
    before = probe.purity(untrained(split, seed).vectors(), tags)
    return {
        **course(model, log),
        **on_test(model, counted, split, documents, known),
        "purity": {
            "trained": purity.measured,
            "untrained": before.measured,
            "output": probe.purity(output, tags).measured,
            "chance": purity.control,
            "by_tag": purity.by_label,
        },
        "anisotropy": probe.anisotropy(table),
        "neighbours": {w: probe.neighbours(table, words, w, 6) for w in SHOWN},
        "output_neighbours": {w: probe.neighbours(output, words, w, 6) for w in SHOWN},
    }


def closer_look(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    history: np.ndarray,
    seed: int,
) -> dict:
    """Return more of the net of order 5, which is trained once more to the same bits.

    `half` is what it pays mixed half and half, as `on_test`; `leaning` how far similar
    rows belong to words that stand in similar places.
    """
    model, _ = trained(split, seed, EPOCHS)
    scores = nnlm.score(model, split.test)
    partners = {name: counted[name] for name in PARTNERS}
    half = halves(scores, partners, split)
    return {
        "log_loss": by_document(-scores, documents),
        "half": {name: by_document(v, documents) for name, v in half.items()},
        "by_history": by_history(-scores, history),
        "leaning": leaning(model, split),
    }


def leaning(model: nnlm.NNLM, split: BengioSplit) -> dict[str, dict[str, float]]:
    """Return to which side of a word the two vectors lean that a net has for it."""
    found = {"table": model.vectors(), "output": output_vectors(model)}
    return {
        name: probe.leaning(rows, split.train, OFTEN)._asdict()
        for name, rows in found.items()
    }


def shorter_context(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return those of a net of order 3, one seed."""
    model, log = trained(split, 0, EPOCHS, order=3)
    return course(model, log) | on_test(model, counted, split, documents, known)


def no_hidden_layer(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return those of a net whose vectors reach the output directly alone."""
    model, log = trained(split, 0, EPOCHS, hidden=0)
    return course(model, log) | on_test(model, counted, split, documents, known)


def direct_connections(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return those of a net whose vectors reach the output both ways."""
    model, log = trained(split, 0, EPOCHS, direct=True)
    return course(model, log) | on_test(model, counted, split, documents, known)


def adamw_as_it_comes(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return those of the net of order 5 with PyTorch's rate and epsilon, one seed."""
    model = untrained(split, 0)
    log = fitted(model, split, 0, EPOCHS, BATCH, learning_rate=1e-3, epsilon=1e-8)
    return course(model, log) | on_test(model, counted, split, documents, known)


def usual_epsilon(
    split: BengioSplit,
    counted: dict[str, NgramModel],
    documents: np.ndarray,
    known: np.ndarray,
) -> dict:
    """Return those of the net of order 5 with PyTorch's epsilon alone, one seed."""
    model = untrained(split, 0)
    log = fitted(model, split, 0, EPOCHS, BATCH, LEARNING_RATE, epsilon=1e-8)
    return course(model, log) | on_test(model, counted, split, documents, known)


NNLM_BROWN = Experiment(
    name="nnlm_brown",
    world="field",
    data=("brown/brown.zip",),
    once=(
        settings,
        ngrams,
        histories,
        shorter_context,
        no_hidden_layer,
        direct_connections,
        adamw_as_it_comes,
        usual_epsilon,
    ),
    by_seed=(net, closer_look),
)
