"""Public data: a registry with hashes and licences, fetching, and readers.

Chapters: all that record a result on real text. Nothing here is imported from
the network: a file is fetched when a reader function is called, checked against
the SHA-256 in `registry.json`, and kept in a cache on the reader's machine.
"""

from companion.field.brown import (
    BengioSplit,
    Brown,
    Document,
    Sentence,
    bengio_split,
    brown,
)
from companion.field.faults import CacheError, FieldDataError
from companion.field.fetch import fetch, fetch_all, registry, verify
from companion.field.judgements import (
    AnalogySection,
    Pair,
    analogies,
    word_similarity,
)
from companion.field.plain import Text, gutenberg, sentences, wikipedia
from companion.field.polarity import Opinion, PolaritySplit, sentence_polarity

__all__ = [
    "AnalogySection",
    "BengioSplit",
    "Brown",
    "CacheError",
    "Document",
    "FieldDataError",
    "Opinion",
    "Pair",
    "PolaritySplit",
    "Sentence",
    "Text",
    "analogies",
    "bengio_split",
    "brown",
    "fetch",
    "fetch_all",
    "gutenberg",
    "registry",
    "sentence_polarity",
    "sentences",
    "verify",
    "wikipedia",
    "word_similarity",
]
