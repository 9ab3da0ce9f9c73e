"""Chapter 3 in the lab: the neural model of Bengio et al. in Millbrook.

A seed draws its own world, the one of `ngram_lab` of that seed: the same training and
validation part, and the same test documents, of which the entropy floor is a mean
there. It draws the nets' first weights and the order of their examples too. Axes: T
tokens, V vocabulary.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from companion import nnlm, probe
from companion.experiments.ngram_lab import DOCUMENTS, SCORED, corpora, encoded
from companion.experiments.nnlm import (
    OFTEN,
    by_history,
    counted,
    course,
    drawn,
    fitted,
    halves,
    history,
    known,
    leaning,
    means,
    mixtures,
    output_vectors,
)
from companion.experiments.running import Experiment
from companion.field import BengioSplit
from companion.lab import Corpus, ambiguous_words, vocabulary
from companion.lab.tasks import categories
from companion.ngram import NgramModel

# Chosen on validation in worlds of another seed (99), among ten short trainings: what
# Millbrook's nets need is speed (small batches, a high rate, a small epsilon, no
# dropout), where Brown's need restraint.
EPOCHS = 2
BATCH = 128
LEARNING_RATE = 5e-3
EPSILON = 3e-6
NET = {"order": 5, "width": 64, "hidden": 128, "dropout": 0.0}
COMMON = 20  # occurrences in training that a word needs to be asked for its kind
NEAREST = 5  # neighbours of a word; the smallest kind, the days, has seven words
SHOWN = ("Monday", "joiner", "joiners", "Anna", "river", "bank", "mended", "three")


def settings() -> dict:
    """Return what was chosen."""
    return {
        "documents": DOCUMENTS,
        "documents_scored": SCORED,
        "vocabulary_size": len(vocabulary()),
        "net": NET,
        "epochs": EPOCHS,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "epsilon": EPSILON,
        "common": COMMON,
        "often": OFTEN,
        "nearest": NEAREST,
    }


class World(NamedTuple):
    """What all measurements of a seed share.

    Attributes:
        parts: The documents of training, validation and test.
        split: The same as ids; of the test part the scored documents alone.
        counted: The n-gram models that nets are compared and mixed with.
        known: For each test word, how many words of what ends with it were seen in
            training together, shape (T,).
    """

    parts: dict[str, Corpus]
    split: BengioSplit
    counted: dict[str, NgramModel]
    known: np.ndarray


@lru_cache(maxsize=1)
def world(seed: int) -> World:
    """Return a seed's world."""
    parts = corpora(seed)
    whole = encoded(parts)
    tokens = sum(len(d.tokens) for d in parts["test"].documents[:SCORED])
    split = BengioSplit(whole.vocabulary, whole.train, whole.valid, whole.test[:tokens])
    return World(parts, split, counted(split), known(split))


def ngrams(seed: int) -> dict:
    """Return what n-gram models pay for the scored documents, in nats a token.

    `by_known` has means over the words of which `known` is 1 to 5.
    """
    _, split, models, known = world(seed)
    paid = {name: -model.score(split.test) for name, model in models.items()}
    return {
        "test_tokens": len(split.test),
        "known_tokens": np.bincount(known)[1:],
        "alone": {name: float(losses.mean()) for name, losses in paid.items()},
        "by_known": {name: means(losses, known) for name, losses in paid.items()},
    }


def histories(seed: int) -> dict:
    """Return what they pay by how much of the history was seen, as in the field."""
    _, split, models, _ = world(seed)
    before = history(split)
    return {
        "tokens": np.bincount(before, minlength=5),
        "by_history": {
            name: by_history(-model.score(split.test), before)
            for name, model in models.items()
        },
    }


def net(seed: int) -> dict:
    """Return the measurements of the net of order 5, and of its vectors."""
    model, log = trained(world(seed).split, seed)
    parts, split, *_ = world(seed)
    words, before = split.vocabulary.words, untrained(split, seed)
    return {
        **course(model, log),
        **on_test(model, world(seed)),
        "vectors": of_vectors(model, before, words, labels(parts["train"], words)),
    }


def closer_look(seed: int) -> dict:
    """Return more of the net of order 5, as in the field."""
    _, split, models, _ = world(seed)
    model, _ = trained(split, seed)
    scores = nnlm.score(model, split.test)
    half = halves(scores, models, split)
    return {
        "alone": float(-scores.mean()),
        "half": {name: float(losses.mean()) for name, losses in half.items()},
        "by_history": by_history(-scores, history(split)),
        "leaning": leaning(model, split),
    }


def shorter_context(seed: int) -> dict:
    """Return those of a net of order 3."""
    model, log = trained(world(seed).split, seed, order=3)
    return course(model, log) | on_test(model, world(seed))


def no_hidden_layer(seed: int) -> dict:
    """Return those of a net whose vectors reach the output directly alone."""
    model, log = trained(world(seed).split, seed, hidden=0)
    return course(model, log) | on_test(model, world(seed))


def direct_connections(seed: int) -> dict:
    """Return those of a net whose vectors reach the output both ways."""
    model, log = trained(world(seed).split, seed, direct=True)
    return course(model, log) | on_test(model, world(seed))


def untrained(split: BengioSplit, seed: int, **changes) -> nnlm.NNLM:
    """Return a net as it is before training; `changes` are what differs from `NET`."""
    return drawn(split, seed, NET | changes)


def trained(split: BengioSplit, seed: int, **changes) -> tuple[nnlm.NNLM, list[dict]]:
    """Return a net after its training, and the log; `changes` as above."""
    model = untrained(split, seed, **changes)
    log = fitted(model, split, seed, EPOCHS, BATCH, LEARNING_RATE, EPSILON)
    return model, log


def on_test(model: nnlm.NNLM, world: World) -> dict:
    """Return what a net pays for the scored documents, alone and mixed; as `ngrams`."""
    scores = nnlm.score(model, world.split.test)
    weight, mixed = mixtures(model, scores, world.counted, world.split)
    return {
        "weight": weight,
        "alone": float(-scores.mean()),
        "mixed": {name: float(losses.mean()) for name, losses in mixed.items()},
        "by_known": means(-scores, world.known),
    }


def labels(corpus: Corpus, words: Sequence[str]) -> dict[str, list[str | None]]:
    """Return what kind of word each is, and its part of speech.

    None for words that the corpus shows less than `COMMON` times, for words of two
    senses, of two parts of speech, and for punctuation; and for the kind of words that
    are in no list. A word in the lists of verbs that is always a noun is no verb.
    """
    seen: dict[str, Counter] = defaultdict(Counter)
    for document in corpus.documents:
        for sentence in document.sentences:
            for word, tag in zip(sentence.tokens, sentence.pos, strict=True):
                seen[word][tag] += 1
    lists = {word: kind for kind, some in categories().items() for word in some}
    kinds: list[str | None] = []
    tags: list[str | None] = []
    for word in words:
        unclear = word in ambiguous_words() or not word[0].isalpha()
        asked = seen[word].total() >= COMMON and len(seen[word]) == 1 and not unclear
        tags.append(next(iter(seen[word])) if asked else None)
        kind = lists.get(word) if asked else None
        is_verb = tags[-1] == "VERB"
        kinds.append(kind if kind and kind.startswith("verbs") == is_verb else None)
    return {"kind": kinds, "pos": tags}


def of_vectors(
    model: nnlm.NNLM,
    untrained: nnlm.NNLM,
    words: Sequence[str],
    labels: Mapping[str, list[str | None]],
) -> dict:
    """Return what a net's vectors know of the labelled words.

    `kind` and `pos` are how often a word's five neighbours are of its kind, and of its
    part of speech: by the trained vectors, by the untrained ones, by the rows of the
    trained output layer, and by chance.
    """
    table, before, output = model.vectors(), untrained.vectors(), output_vectors(model)
    found: dict = {"anisotropy": probe.anisotropy(table)}
    for name, some in labels.items():
        after, rows = (probe.purity(v, some, NEAREST) for v in (table, output))
        found[name] = {
            "words": len(some) - some.count(None),
            "trained": after.measured,
            "untrained": probe.purity(before, some, NEAREST).measured,
            "output": rows.measured,
            "chance": after.control,
            "by_label": after.by_label,
            "output_by_label": rows.by_label,
        }
    found["neighbours"] = {w: probe.neighbours(table, words, w, 6) for w in SHOWN}
    found["output_neighbours"] = {
        w: probe.neighbours(output, words, w, 6) for w in SHOWN
    }
    return found


NNLM_LAB = Experiment(
    name="nnlm_lab",
    world="lab",
    data=("lab/lexicon",),
    once=(settings,),
    by_seed=(
        ngrams,
        histories,
        net,
        closer_look,
        shorter_context,
        no_hidden_layer,
        direct_connections,
    ),
    seeds=5,
)
