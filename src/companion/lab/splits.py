"""Train, dev, test, and a part with combinations that training never showed.

Lab. One stream of documents is dealt out, so the parts share none. A held-out
combination is a verb and its object, such as "mended" and "ladder": a document that
shows one goes to the compositional part and to no other.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from companion.lab.corpus import Corpus, Document, Sentence, sample, token_log_probs

DEAL = (*["train"] * 8, "dev", "test")  # whose turn it is, document by document
ONE_IN = 38  # of the combinations, one in so many is held out
WITHIN = {"DET", "ADJ", "ADV", "NUM", "PRON"}  # may stand between a verb and its object

Combination = tuple[str, str]  # a verb and its object, in the forms in which they stand


@dataclass(frozen=True)
class Splits:
    """Documents of one stream, dealt to four parts.

    Attributes:
        train: Four fifths of the documents without a held-out combination.
        dev: A tenth of them, to choose settings on.
        test: The last tenth, to report on.
        compositional: The documents with a held-out combination.
        held_out: The held-out combinations, in order of the alphabet.
    """

    train: Corpus
    dev: Corpus
    test: Corpus
    compositional: Corpus
    held_out: tuple[Combination, ...]


class Estimate(NamedTuple):
    """A mean in nats per token, and its standard error."""

    mean: float
    error: float


def split(documents: int, seed: int) -> Splits:
    """Return documents drawn as one stream and dealt to four parts, none to two.

    A checksum of its words decides whether a combination is held out, for all seeds
    alike; but one whose verb or noun train would not show at all is let in. About a
    tenth of the documents are compositional.

    The parts are conditioned, on showing a held-out combination or on showing none. So
    the floor of the compositional part differs from that of the others: compare a model
    with the `floor` of the part on which it is measured. That floor is what the world
    itself pays, which knows nothing of the split. Whoever knew it could save -ln(share
    of the stream) nats a document: of a tenth 2.3 nats, about 0.03 a token, and of nine
    tenths 0.1 nats, about 0.001 a token.

    Args:
        documents: How many in all.
        seed: A whole number, 0 or more.

    Raises:
        ValueError: `documents` or the seed is no such number, or `documents` are too
            few for a part.
    """
    stream = sample(documents, seed).documents
    shown = [
        {c for s in document.sentences for c in combinations(s)} for document in stream
    ]
    held_out = {c for found in shown for c in found if _is_chosen(c)}
    while True:
        parts: dict[str, list[Document]] = {part: [] for part in DEAL}
        parts["compositional"] = []
        for turn, (document, found) in enumerate(zip(stream, shown, strict=True)):
            part = "compositional" if found & held_out else DEAL[turn % len(DEAL)]
            parts[part].append(document)
        alone = _words(parts["train"])
        known = {(v, n) for v, n in held_out if {(v, "VERB"), (n, "NOUN")} <= alone}
        if known == held_out:
            break
        held_out = known  # train only grows by this, so the loop ends
    for part, found in parts.items():
        if not found:
            raise ValueError(f"{documents} documents are too few: none is in {part}")
    corpora = {part: Corpus(tuple(found)) for part, found in parts.items()}
    return Splits(**corpora, held_out=tuple(sorted(held_out)))


def combinations(sentence: Sentence) -> set[Combination]:
    """Return each verb with its object, where one follows.

    The object of "mended the torn fishing nets with string" is "nets": the last of the
    nouns that follow, with nothing but articles, adjectives and the like between.
    """
    found = set()
    for start, tag in enumerate(sentence.pos):
        if tag != "VERB":
            continue
        at = start + 1
        while sentence.pos[at] in WITHIN:
            at += 1
        end = at
        while sentence.pos[end] == "NOUN":  # a full stop ends every sentence
            end += 1
        if end > at:
            found.add((sentence.tokens[start], sentence.tokens[end - 1]))
    return found


def floor(corpus: Corpus, documents: int | None = None) -> Estimate:
    """Return what the best possible model pays on a corpus, in nats per token.

    It is a Monte Carlo mean of -log p over documents that were drawn at random, and its
    standard error is over documents, since tokens of one document depend on each other.

    Args:
        corpus: The documents.
        documents: Score so many, the first; all if None. About 2,500 tokens a second.

    Raises:
        ValueError: There are not two documents to score, or fewer than asked for.
    """
    available = len(corpus.documents)
    documents = available if documents is None else documents
    if not 2 <= documents <= available:
        raise ValueError(
            f"cannot score {documents} documents of {available}; 2 at least"
        )
    scored = [token_log_probs(document) for document in corpus.documents[:documents]]
    return per_token([-math.fsum(s) for s in scored], [len(s) for s in scored])


def per_token(totals: Sequence[float], tokens: Sequence[int]) -> Estimate:
    """Return the mean per token, and its standard error over documents.

    Args:
        totals: What each document costs, in nats.
        tokens: Tokens of each document.

    Raises:
        ValueError: There are not two documents, or not as many totals as tokens.

    Example:
        >>> per_token([6, 2], [2, 2])  # residuals 2 and -2: sqrt(2/1 * (4 + 4)) / 4
        Estimate(mean=2.0, error=1.0)
    """
    number = len(totals)
    if number != len(tokens) or number < 2:
        raise ValueError(f"{number} totals for {len(tokens)} documents; 2 at least")
    mean = math.fsum(totals) / sum(tokens)
    # Both sums are random, hence the error of a ratio, not of a mean.
    residuals = [y - mean * x for y, x in zip(totals, tokens, strict=True)]
    spread = number / (number - 1) * math.fsum(r * r for r in residuals)
    return Estimate(mean, math.sqrt(spread) / sum(tokens))


def _is_chosen(combination: Combination) -> bool:
    # Python's own hash of a string differs from run to run.
    return zlib.crc32(" ".join(combination).encode()) % ONE_IN == 0


def _words(documents: Sequence[Document]) -> set[tuple[str, str]]:
    """Return the words that documents show, with their parts of speech."""
    sentences = (s for document in documents for s in document.sentences)
    return {pair for s in sentences for pair in zip(s.tokens, s.pos, strict=True)}
