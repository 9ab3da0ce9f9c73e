"""Experiments by name: each function runs one and returns one record.

One file a chapter.
"""

from collections.abc import Callable

from companion.experiments import ngram

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Callable[[], dict]] = {"ngram_brown": ngram.brown}
