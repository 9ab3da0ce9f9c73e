"""Chapter 2 in the lab: n-gram models of every smoothing against the entropy floor.

A seed draws its own training, validation and test documents of Millbrook. Orders 1..6.
What is tuned is tuned on validation; what is reported is of the test part. The floor is
what the generator's own probabilities pay for the test part, a Monte Carlo mean. Axes:
T tokens, V vocabulary.
"""

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from companion import lab
from companion.experiments import questions
from companion.experiments.running import Experiment
from companion.field import BengioSplit
from companion.lab.splits import per_token
from companion.ngram import (
    MLE,
    AbsoluteDiscounting,
    AddK,
    JelinekMercer,
    KneserNey,
    ModifiedKneserNey,
    NgramModel,
    WittenBell,
    count_ngrams,
    walk,
)

ORDERS = (1, 2, 3, 4, 5, 6)
DOCUMENTS = {"train": 12_000, "valid": 1_500, "test": 1_500}
SCORED = 600  # test documents that the floor is a mean of
ADD_K = (1.0, 0.1, 0.01, 0.001)
LARGEST_GAP = 8  # cue distances from here on are one class


def settings() -> dict:
    """Return what was chosen."""
    return {
        "orders": ORDERS,
        "documents": DOCUMENTS,
        "documents_scored": SCORED,
        "add_k": ADD_K,
        "vocabulary_size": len(lab.vocabulary()),
        "gaps": questions.GAPS,
        "sentences": questions.SENTENCES,
    }


def corpora(seed: int) -> dict[str, lab.Corpus]:
    """Return the three parts of one seed's world, which share no document."""
    drawn = lab.sample(sum(DOCUMENTS.values()), seed).documents
    ends = np.cumsum([0, *DOCUMENTS.values()])
    return {
        part: lab.Corpus(drawn[begin:end])
        for part, begin, end in zip(DOCUMENTS, ends, ends[1:], strict=False)
    }


def encoded(parts: Mapping[str, lab.Corpus]) -> BengioSplit:
    """Return the parts as ids over all words that Millbrook knows."""
    vocabulary = lab.vocabulary()
    ids = {part: vocabulary.encode(corpus.tokens) for part, corpus in parts.items()}
    return BengioSplit(vocabulary, **ids)


def fitted(split: BengioSplit) -> dict[str, list[NgramModel]]:
    """Return models by smoothing and order."""

    def fit(order, smoothing):
        return NgramModel(order, smoothing).fit(split.train, len(split.vocabulary))

    def tuned(order):
        models = [fit(order, AddK(k)) for k in ADD_K]
        return min(models, key=lambda model: model.perplexity(split.valid))

    makers: dict[str, Callable[[int], NgramModel]] = {
        "maximum likelihood": lambda n: fit(n, MLE()),
        "add-one": lambda n: fit(n, AddK(1.0)),
        "add-k": tuned,
        "Witten-Bell": lambda n: fit(n, WittenBell()),
        "absolute discounting": lambda n: fit(n, AbsoluteDiscounting()),
        "Jelinek-Mercer": lambda n: fit(n, JelinekMercer(held_out=split.valid)),
        "Kneser-Ney": lambda n: fit(n, KneserNey()),
        "modified Kneser-Ney": lambda n: fit(n, ModifiedKneserNey()),
    }
    return {name: [make(n) for n in ORDERS] for name, make in makers.items()}


def by_order(values: Iterable) -> dict:
    """Return values by order, labelled as a reader would."""
    return {f"n = {n}": value for n, value in zip(ORDERS, values, strict=True)}


def contest(seed: int) -> dict:
    """Return all of the chapter's measurements in one world.

    `nats` is -log p per token of the documents that the floor is a mean of, so that
    both are of the same tokens. `unseen` is a share of the test part's n-grams, `once`
    of the distinct ones of training.
    """
    parts = corpora(seed)
    split = encoded(parts)
    models = fitted(split)
    best = models["modified Kneser-Ney"]
    scored = parts["test"].documents[:SCORED]
    tokens = sum(len(document.tokens) for document in scored)
    sentences = [
        split.vocabulary.encode(sentence.tokens)
        for document in parts["test"].documents
        for sentence in document.sentences
        if 6 <= len(sentence.tokens) <= 30
    ]
    levels = count_ngrams(split.train, max(ORDERS), len(split.vocabulary))
    steps = walk(levels, split.test)
    gaps = [questions.gap_shares(model, split, seed) for model in best]
    return {
        "train_tokens": len(split.train),
        "test_tokens": tokens,
        "nats": {
            name: by_order(float(-m.score(split.test[:tokens]).mean()) for m in some)
            for name, some in models.items()
        },
        "floor": floor(scored),
        "unseen": by_order(float((found < 0).mean()) for _, _, found in steps),
        "distinct": by_order(len(level.keys) for level in levels),
        "once": by_order(float((level.counts == 1).mean()) for level in levels),
        "swapped": by_order(questions.swapped_share(m, sentences, seed) for m in best),
        "gap": {
            "left": by_order(left for left, _ in gaps),
            "both": by_order(both for _, both in gaps),
        },
        "sense": sense_cloze(best, split, scored),
    }


def floor(documents: Iterable[lab.Document]) -> dict[str, float]:
    """Return the entropy floor in nats per token, and its standard error.

    `told` is what it would be for a reader who is told topic and mood beforehand.
    """
    blind, told, lengths = [], [], []
    for document in documents:
        reader = lab.read(document.topic, document.sentiment)
        told.append(-math.fsum(reader.read(token) for token in document.tokens))
        blind.append(-lab.log_prob(document))
        lengths.append(len(document.tokens))
    mean, error = per_token(blind, lengths)
    return {
        "nats": mean,
        "standard_error": error,
        "told": per_token(told, lengths).mean,
    }


def sense_cloze(
    models: Iterable[NgramModel], split: BengioSplit, documents: Iterable[lab.Document]
) -> dict:
    """Return how often a model fills in an ambiguous word's own word, by cue.

    The word stands in its document; the model chooses among all ambiguous words by the
    probability of the whole window, as `questions.gap_scores` does. By the side of the
    cue and, for cues on one side, by distance; each with its number of tokens.
    """
    candidates = split.vocabulary.encode(sorted(lab.ambiguous_words()))
    places: list[tuple[np.ndarray, int, str]] = []
    for document in documents:
        ids, start = split.vocabulary.encode(document.tokens), 0
        for sentence in document.sentences:
            for one in sentence.ambiguities:
                at = start + one.index
                if ids[at] in candidates and 5 <= at < len(ids) - 5:
                    far = "far" if one.distance >= LARGEST_GAP else "near"
                    places.append((ids, at, f"{one.side}, {far}"))
            start += len(sentence.tokens)
    kinds = sorted({kind for *_, kind in places})
    found: dict = {"tokens": {k: sum(kind == k for *_, kind in places) for k in kinds}}
    for order, model in zip(ORDERS, models, strict=True):
        right: dict[str, list[float]] = {kind: [] for kind in kinds}
        for ids, at, kind in places:
            _, both = questions.gap_scores(model, ids, at, candidates)
            own = int(np.flatnonzero(candidates == ids[at])[0])
            right[kind].append(questions.share_of_best(both, own))
        found[f"n = {order}"] = {k: float(np.mean(v)) for k, v in right.items()}
    return found


NGRAM_LAB = Experiment(
    name="ngram_lab",
    world="lab",
    data=("lab/lexicon",),
    once=(settings,),
    by_seed=(contest,),
    seeds=5,
)
