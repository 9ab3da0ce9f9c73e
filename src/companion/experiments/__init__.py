"""Experiments by name: each makes one record.

One file a chapter.
"""

from companion.experiments.ngram import NGRAM_BROWN
from companion.experiments.running import Experiment, out_of_date, run

__all__ = ["EXPERIMENTS", "Experiment", "out_of_date", "run"]

EXPERIMENTS: dict[str, Experiment] = {one.name: one for one in [NGRAM_BROWN]}
