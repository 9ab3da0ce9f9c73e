"""Chapter 2 in the field: n-gram models of every smoothing on the Brown corpus.

Each measurement returns plain numbers; its parameters name the functions that give it
what it needs (see `running`). Orders 1..5, Bengio's split. What is tuned is tuned on
the validation part; what is reported is of the test part unless it says otherwise.
Axes: T tokens, V vocabulary, K distinct n-grams, W windows, C candidates.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from companion import field
from companion.experiments import questions
from companion.experiments.running import Experiment
from companion.ngram import (
    MLE,
    AbsoluteDiscounting,
    AddK,
    JelinekMercer,
    KneserNey,
    ModifiedKneserNey,
    NgramModel,
    Smoothing,
    StupidBackoff,
    WittenBell,
    count_ngrams,
    walk,
)
from companion.smoothing import Counts

ORDERS = (1, 2, 3, 4, 5)
ADD_K = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
TRAINING_SIZES = (50_000, 100_000, 200_000, 400_000, 800_000)


def corpus() -> field.Brown:
    """Return Brown."""
    return field.brown()


def split(corpus: field.Brown) -> field.BengioSplit:
    """Return Brown as Bengio et al. cut it."""
    return field.bengio_split(corpus.words)


def fitted(split: field.BengioSplit) -> dict[int, dict[str, NgramModel]]:
    """Return a model of every order and smoothing."""
    return {n: contestants(split, n) for n in ORDERS}


def best(fitted: Mapping[int, Mapping[str, NgramModel]]) -> list[NgramModel]:
    """Return modified Kneser-Ney by order."""
    return [fitted[n]["modified Kneser-Ney"] for n in ORDERS]


def stupid(split: field.BengioSplit) -> list[NgramModel]:
    """Return stupid backoff by order."""
    return [fit(split, n, StupidBackoff(base="unigram")) for n in ORDERS]


def read_sentences(corpus: field.Brown, split: field.BengioSplit) -> list[tuple]:
    """Return sentences of the training part."""
    return sentences_between(corpus, 0, len(split.train))


def new_sentences(corpus: field.Brown, split: field.BengioSplit) -> list[tuple]:
    """Return sentences of the test part."""
    begin = len(split.train) + len(split.valid)
    return sentences_between(corpus, begin, len(corpus.words))


def settings(split: field.BengioSplit) -> dict:
    """Return what was chosen."""
    return {
        "train_tokens": len(split.train),
        "valid_tokens": len(split.valid),
        "test_tokens": len(split.test),
        "vocabulary_size": len(split.vocabulary),
        "orders": ORDERS,
        "add_k": ADD_K,
        "sentences": questions.SENTENCES,
        "gaps": questions.GAPS,
        "open_gaps": questions.OPEN_GAPS,
        "candidates": questions.CANDIDATES,
    }


def by_order(values: Iterable) -> dict:
    """Return values by order, labelled as a reader would."""
    return {f"n = {n}": value for n, value in zip(ORDERS, values, strict=True)}


def fit(split: field.BengioSplit, order: int, smoothing: Smoothing) -> NgramModel:
    """Return a model of the training part."""
    return NgramModel(order, smoothing).fit(split.train, len(split.vocabulary))


def contestants(split: field.BengioSplit, order: int) -> dict[str, NgramModel]:
    """Return a model of every smoothing, add-k's k chosen on the validation part."""
    added = [fit(split, order, AddK(k)) for k in ADD_K]
    return {
        "maximum likelihood": fit(split, order, MLE()),
        "add-one": fit(split, order, AddK(1.0)),
        "add-k": min(added, key=lambda m: m.perplexity(split.valid)),
        "Witten-Bell": fit(split, order, WittenBell()),
        "absolute discounting": fit(split, order, AbsoluteDiscounting()),
        "Jelinek-Mercer": fit(split, order, JelinekMercer(held_out=split.valid)),
        "Kneser-Ney": fit(split, order, KneserNey()),
        "modified Kneser-Ney": fit(split, order, ModifiedKneserNey()),
    }


def perplexity(
    split: field.BengioSplit, fitted: Mapping[int, Mapping[str, NgramModel]]
) -> dict:
    """Return perplexities and what was chosen, by smoothing, as lists over n."""
    rows: dict = {}
    for models in fitted.values():
        for name, one in models.items():
            row = rows.setdefault(name, {"valid": [], "test": [], "smoothing": []})
            row["valid"].append(one.perplexity(split.valid))
            row["test"].append(one.perplexity(split.test))
            row["smoothing"].append(repr(one.smoothing))
    return rows


def by_document(
    corpus: field.Brown,
    split: field.BengioSplit,
    fitted: Mapping[int, Mapping[str, NgramModel]],
) -> dict:
    """Return what the test part costs, one number for each of its documents.

    `log_loss` sums -ln p over a document's `tokens`, by smoothing and order; `unseen`
    counts its n-grams that are absent from training.
    """
    documents = documents_of_test(corpus, split)
    losses = {
        name: by_order(
            np.bincount(documents, -fitted[n][name].score(split.test)).round(3)
            for n in ORDERS
        )
        for name in fitted[1]
    }
    reach = max(ORDERS) - 1  # so that the first test words have a whole context too
    text = np.concatenate([split.valid[-reach:], split.test])
    levels = count_ngrams(split.train, max(ORDERS), len(split.vocabulary))
    new = [found[-len(split.test) :] < 0 for _, _, found in walk(levels, text)]
    return {
        "tokens": np.bincount(documents),
        "log_loss": losses,
        "unseen": by_order(np.bincount(documents, one).astype(int) for one in new),
    }


def documents_of_test(corpus: field.Brown, split: field.BengioSplit) -> np.ndarray:
    """Return for each test word the number of its document, from 0, shape (T,)."""
    lengths = [sum(len(s.tokens) for s in d.sentences) for d in corpus.documents]
    documents = np.repeat(np.arange(len(lengths)), lengths)[-len(split.test) :]
    return documents - documents[0]


def discounts(split: field.BengioSplit) -> dict:
    """Return what Kneser-Ney of order 5 takes off a count, order by order."""
    one, three = (fit(split, 5, s) for s in (KneserNey(), ModifiedKneserNey()))
    return {
        "one": [float(one.smoothing.discounts(c)[0]) for c in one.counts],
        "three": [three.smoothing.discounts(c).tolist() for c in three.counts],
    }


def unseen(split: field.BengioSplit) -> dict:
    """Return the share of test n-grams that are absent from training.

    `ngram[n - 1][j]` is for the first `training_tokens[j]` words of training.
    """
    by_size = []
    for tokens in TRAINING_SIZES:
        levels = count_ngrams(split.train[:tokens], 5, len(split.vocabulary))
        steps = walk(levels, split.test)
        by_size.append([float((found < 0).mean()) for _, _, found in steps])
    return {
        "training_tokens": list(TRAINING_SIZES),
        "ngram": [list(row) for row in zip(*by_size, strict=True)],
    }


def tables(split: field.BengioSplit) -> dict:
    """Return how many distinct n-grams training holds, and how many came once.

    `pairs_by_count` has n_1 to n_11: how many pairs came once, twice, and so on.
    """
    levels = count_ngrams(split.train, 5, len(split.vocabulary))
    return {
        "distinct": by_order(len(level.keys) for level in levels),
        "once": by_order((level.counts == 1).sum() for level in levels),
        "pairs_by_count": np.bincount(levels[1].counts)[1:12].tolist(),
    }


def known_ngrams(model: NgramModel) -> np.ndarray:
    """Return every n-gram of the highest order, word by word, shape (K, n)."""
    columns, index = [], np.arange(len(model.levels[-1].keys))
    for level in reversed(model.levels):
        index, word = np.divmod(level.keys[index], model.vocabulary_size)
        columns.append(word)
    return np.stack(columns[::-1], axis=1)  # (K, n)


def known_probabilities(model: NgramModel) -> np.ndarray:
    """Return p(last word | the others) of every known n-gram, shape (K,)."""
    windows = known_ngrams(model)
    # Laid end to end, windows of n words give each last word just its own context.
    return np.exp(model.score(windows.ravel())[model.order - 1 :: model.order])


def adjusted_counts(
    split: field.BengioSplit, fitted: Mapping[int, Mapping[str, NgramModel]]
) -> dict:
    """Return what a bigram seen r times is worth, r = 0..9: in truth, and to models.

    `held-out text` is the mean count in the validation part, scaled to the length of
    training, of all bigrams seen r times in training; each smoothing has the mean of
    c(h) p(w | h) over the same bigrams.

    Source: [church1991comparison], who judged the Good-Turing estimate in this way.
    """
    size = len(split.vocabulary)
    out = {"held-out text": held_out_counts(split.train, split.valid, size)}
    for name, one in fitted[2].items():
        counts = one.counts[-1]
        worth = counts.totals[counts.context] * known_probabilities(one)
        out[name] = by_count(counts.ngrams, worth, counts.totals.sum(), size)
    return out


def shuffled_counts(corpus: field.Brown, split: field.BengioSplit, seed: int) -> dict:
    """Return what a bigram seen r times is worth when Brown's pieces are shuffled.

    Brown's parts differ in genre, and a document repeats itself. With documents
    shuffled the one is gone, with sentences shuffled both.
    """
    documents = [
        [split.vocabulary.encode(sentence.tokens) for sentence in document.sentences]
        for document in corpus.documents
    ]
    pieces = {
        "documents": [np.concatenate(sentences) for sentences in documents],
        "sentences": [sentence for document in documents for sentence in document],
    }
    return {
        unit: held_out_counts(*shuffled_parts(some, split, seed), len(split.vocabulary))
        for unit, some in pieces.items()
    }


def shuffled_parts(
    pieces: list[np.ndarray], split: field.BengioSplit, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as long as train and valid, cut from `pieces` in random order."""
    order = np.random.default_rng(seed).permutation(len(pieces))
    text = np.concatenate([pieces[i] for i in order])
    end = len(split.train)
    return text[:end], text[end : end + len(split.valid)]


def held_out_counts(train: np.ndarray, held: np.ndarray, size: int) -> list[float]:
    """Return the mean count in `held`, scaled, of bigrams seen r times in `train`."""
    (pairs, counts), (held_pairs, times) = (
        np.unique(ids[:-1] * size + ids[1:], return_counts=True)
        for ids in (train, held)
    )
    _, ours, theirs = np.intersect1d(pairs, held_pairs, return_indices=True)
    found = np.zeros(len(pairs))
    found[ours] = times[theirs]
    scale = (len(train) - 1) / (len(held) - 1)
    return by_count(counts, found * scale, times.sum() * scale, size)


def by_count(
    counts: np.ndarray, worth: np.ndarray, total: float, size: int
) -> list[float]:
    """Return the mean of `worth` over the bigrams of count 0, 1, ..., 9.

    Args:
        counts: Training count of each bigram seen, shape (K,).
        worth: What each is worth, shape (K,).
        total: What all bigrams are worth; the rest belongs to those not seen.
        size: V; there are V * V bigrams.
    """
    unseen = (total - worth.sum()) / (size**2 - len(counts))
    return [float(unseen)] + [float(worth[counts == r].mean()) for r in range(1, 10)]


def unseen_mass(
    split: field.BengioSplit, fitted: Mapping[int, Mapping[str, NgramModel]]
) -> dict:
    """Return how much of a known context's probability goes to unseen n-grams.

    A mean over the test positions whose n - 1 words before were seen in training;
    `observed` is how often the word that came was one never seen there.
    """
    out = {}
    for name, one in fitted[3].items():
        *_, (_, here, found) = walk(one.levels, split.test)
        known = here >= 0
        handed_out = 1 - one.counts[-1].per_context(known_probabilities(one))
        out["observed"] = float((found[known] < 0).mean())
        out[name] = float(handed_out[here[known]].mean())
    return out


@dataclass(frozen=True)
class Redirected(ModifiedKneserNey):
    """What add-k hands to the unseen, given to modified Kneser-Ney's lower orders.

    Attributes:
        k: Add-k's constant; it divides the counts of the highest order.
        top: The highest order, known once a model asks.
    """

    k: float = 1.0
    top: int | None = None

    def prepare(self, order: int, likelihoods: Callable) -> "Redirected":
        """Note which order is the highest."""
        return replace(self, top=order)

    def share(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Take as add-k does at the highest order, as modified Kneser-Ney below."""
        if counts.order == self.top:
            return AddK(self.k).split(counts)
        return super().share(counts)


@dataclass(frozen=True)
class Levelled(ModifiedKneserNey):
    """What modified Kneser-Ney hands to the unseen, given to all words alike."""

    recursive: ClassVar[bool] = False


@dataclass(frozen=True)
class ContinuedWittenBell(WittenBell):
    """Witten-Bell whose lower orders count contexts, as Kneser-Ney's do."""

    continuation: ClassVar[bool] = True


def controls(
    split: field.BengioSplit, fitted: Mapping[int, Mapping[str, NgramModel]]
) -> dict:
    """Return test perplexities of smoothers with one part exchanged.

    `add_k_redirected` and `kneser_ney_levelled` keep the amounts of tuned add-k and of
    modified Kneser-Ney, n = 3, and exchange to whom they go: shorter contexts, all
    words alike. `witten_bell_continued` keeps Witten-Bell's rule and exchanges what
    the lower orders count; a list over the orders.
    """
    redirected = fit(split, 3, Redirected(k=fitted[3]["add-k"].smoothing.k))
    continued = [fit(split, n, ContinuedWittenBell()) for n in ORDERS]
    return {
        "add_k_redirected": redirected.perplexity(split.test),
        "kneser_ney_levelled": fit(split, 3, Levelled()).perplexity(split.test),
        "witten_bell_continued": [m.perplexity(split.test) for m in continued],
    }


def training_size(split: field.BengioSplit) -> dict:
    """Return modified Kneser-Ney's test perplexity by order and length of training.

    `perplexity[n - 1][j]` is for the first `training_tokens[j]` words of training.
    """
    size = len(split.vocabulary)
    rows = [
        [
            NgramModel(n, ModifiedKneserNey())
            .fit(split.train[:tokens], size)
            .perplexity(split.test)
            for tokens in TRAINING_SIZES
        ]
        for n in ORDERS
    ]
    return {"training_tokens": list(TRAINING_SIZES), "perplexity": rows}


def score_sum(model: NgramModel, split: field.BengioSplit) -> float:
    """Return the mean over 500 test contexts of the sum of all words' scores."""
    places = np.random.default_rng(0).integers(5, len(split.test), 500)
    contexts = [split.test[t - model.order + 1 : t] for t in places]
    return float(np.mean([model.next_scores(c).sum() for c in contexts]))


def genres(corpus: field.Brown, split: field.BengioSplit) -> dict:
    """Return how many words of each genre each part of the split holds."""
    words = np.concatenate(
        [
            np.full(sum(len(s.tokens) for s in document.sentences), document.genre)
            for document in corpus.documents
        ]
    )
    ends = np.cumsum([len(split.train), len(split.valid), len(split.test)])
    parts = zip(("train", "valid", "test"), np.split(words, ends[:-1]), strict=True)
    out = {}
    for name, part in parts:
        kinds, counts = np.unique(part, return_counts=True)
        out[name] = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    return out


def rare_share_of_test(split: field.BengioSplit) -> float:
    """Return the share of test tokens that are the symbol for rare words."""
    (rare,) = split.vocabulary.encode([split.vocabulary.rare])
    return float((split.test == rare).mean())


def sentences_between(corpus: field.Brown, begin: int, end: int) -> list[tuple]:
    """Return the sentences of 6 to 30 words that lie between two tokens."""
    sentences = [s.tokens for document in corpus.documents for s in document.sentences]
    ends = np.cumsum([len(tokens) for tokens in sentences])
    return [
        tokens
        for tokens, stop in zip(sentences, ends, strict=True)
        if begin <= stop - len(tokens) and stop <= end and 6 <= len(tokens) <= 30
    ]


def whole_sentences(read_sentences: list[tuple], new_sentences: list[tuple]) -> dict:
    """Return how many test sentences stand in training, word for word."""
    known = set(read_sentences)
    seen = sum(sentence in known for sentence in new_sentences)
    return {"sentences": len(new_sentences), "in_training": seen}


def swapped(
    best: list[NgramModel],
    new_sentences: list[tuple],
    split: field.BengioSplit,
    seed: int,
) -> dict:
    """Return how often a real sentence beats itself with two words swapped."""
    sentences = [split.vocabulary.encode(tokens) for tokens in new_sentences]
    return by_order(questions.swapped_share(m, sentences, seed) for m in best)


def gap(best: list[NgramModel], split: field.BengioSplit, seed: int) -> dict:
    """Return how often the true word is the best of ten, by side and order."""
    shares = [questions.gap_shares(m, split, seed) for m in best]
    return {
        "left": by_order(s[0] for s in shares),
        "both": by_order(s[1] for s in shares),
    }


def open_gap(best: list[NgramModel], split: field.BengioSplit, seed: int) -> dict:
    """Return how often the true word is the best of all V, by side and order."""
    shares = [questions.open_gap_shares(m, split, seed) for m in best]
    return {
        "left": by_order(s[0] for s in shares),
        "both": by_order(s[1] for s in shares),
    }


def stupid_backoff_gap(
    stupid: list[NgramModel], split: field.BengioSplit, seed: int
) -> dict:
    """Return how often stupid backoff's best of ten is the true word, both sides."""
    return by_order(questions.gap_shares(m, split, seed)[1] for m in stupid)


def stupid_backoff_sum(stupid: list[NgramModel], split: field.BengioSplit) -> list:
    """Return what stupid backoff's scores sum to, by order."""
    return [score_sum(m, split) for m in stupid]


NGRAM_BROWN = Experiment(
    name="ngram_brown",
    world="field",
    data=("brown/brown.zip",),
    once=(
        settings,
        genres,
        rare_share_of_test,
        whole_sentences,
        perplexity,
        by_document,
        discounts,
        unseen,
        tables,
        adjusted_counts,
        unseen_mass,
        controls,
        training_size,
        stupid_backoff_sum,
    ),
    by_seed=(shuffled_counts, swapped, gap, open_gap, stupid_backoff_gap),
)
