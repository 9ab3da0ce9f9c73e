"""Experiments by name: each makes one record.

One file a chapter.
"""

from companion.experiments.millbrook import MILLBROOK
from companion.experiments.ngram import NGRAM_BROWN
from companion.experiments.ngram_lab import NGRAM_LAB
from companion.experiments.running import Experiment, out_of_date, run

__all__ = ["EXPERIMENTS", "Experiment", "out_of_date", "run"]

EXPERIMENTS: dict[str, Experiment] = {
    one.name: one for one in [MILLBROOK, NGRAM_LAB, NGRAM_BROWN]
}
