"""Millbrook, the lab world: a small town whose truth we know.

Chapters: all. `sample` draws documents, the same on every machine, with every label
known. `token_log_probs` says exactly how likely each next token was, and with that what
no language model can beat.
"""

from companion.lab.corpus import (
    Ambiguity,
    Corpus,
    Document,
    Sentence,
    log_prob,
    read,
    sample,
    token_log_probs,
    vocabulary,
)
from companion.lab.splits import Splits, floor, split
from companion.lab.town import ambiguous_words

__all__ = [
    "Ambiguity",
    "Corpus",
    "Document",
    "Sentence",
    "Splits",
    "ambiguous_words",
    "floor",
    "log_prob",
    "read",
    "sample",
    "split",
    "token_log_probs",
    "vocabulary",
]
