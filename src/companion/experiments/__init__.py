"""Experiments by name: each function runs one and returns one record.

One file a chapter. A chapter's file is imported only when one of its experiments
is run, so that listing the names loads no model.
"""

import importlib
from collections.abc import Callable

__all__ = ["EXPERIMENTS"]


def _lazy(module: str, function: str) -> Callable[[], dict]:
    """Return a function that imports its module when it is called."""

    def run() -> dict:
        return getattr(importlib.import_module(module), function)()

    return run


EXPERIMENTS: dict[str, Callable[[], dict]] = {
    "ngram_brown": _lazy("companion.experiments.ngram", "brown"),
}
