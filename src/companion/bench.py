"""Benchmarks: our n-gram models beside NLTK's, on the same tokens, in one run.

Chapter 2. Speed means nothing between models that disagree, so each line also says
how far the two log-probabilities lie apart.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from companion.ngram import (
    AbsoluteDiscounting,
    AddK,
    KneserNey,
    NgramModel,
    WittenBell,
)

__all__ = ["ngram"]

ORDER = 3  # of the models of both libraries
LONGEST = 5  # of one more Kneser-Ney model, ours alone

HEADER = (
    f"{'':<20}{'fit, seconds':^27}{'scoring, tokens/second':^31}{'largest':>12}\n"
    f"{'smoothing':<20}{'ours':>8}{'NLTK':>9}{'ratio':>10}"
    f"{'ours':>12}{'NLTK':>9}{'ratio':>10}{'difference':>12}"
)

NOTES = """\
Scoring is the best of three runs, NLTK's by its `logscore`. Its Kneser-Ney walks
through all contexts for each token. Where Kneser-Ney differs, it is by the first
bigram of the text: no word stands before it, so it continues nothing; NLTK discounts
it all the same, and what may follow its first word gets more than 1 in sum."""


@dataclass(frozen=True)
class Pair:
    """One smoothing in both libraries.

    Attributes:
        name: Its name in the table.
        ours: Our smoothing, its recursion ending where NLTK's ends.
        theirs: Name of the class in `nltk.lm`.
        arguments: What that class is given beside order and vocabulary.
        sample: Test tokens that NLTK scores: enough for a second or a few.
    """

    name: str
    ours: Any
    theirs: str
    arguments: dict
    sample: int


def pairs() -> list[Pair]:
    """Return the smoothings that both libraries have."""
    discount = AbsoluteDiscounting(0.75, base="unigram")
    kneser_ney = KneserNey(0.75, base="unigram")
    return [
        Pair("Lidstone 0.1", AddK(0.1), "Lidstone", {"gamma": 0.1}, 200_000),
        Pair(
            "Witten-Bell",
            WittenBell(base="unigram"),
            "WittenBellInterpolated",
            {},
            10_000,
        ),
        Pair(
            "absolute discounting",
            discount,
            "AbsoluteDiscountingInterpolated",
            {"discount": 0.75},
            10_000,
        ),
        Pair("Kneser-Ney", kneser_ney, "KneserNeyInterpolated", {"discount": 0.75}, 50),
    ]


def ngram(
    train_ids: np.ndarray,
    test_ids: np.ndarray,
    vocabulary_size: int,
    write: Callable[[str], None] = print,
) -> list[dict]:
    """Return and print the speed of our n-gram models and of NLTK's.

    Nothing but fitting and scoring is timed. A time is the larger of wall-clock
    time and the CPU time of all threads together, so a score spread over several
    threads would gain nothing.

    Args:
        train_ids: Token ids to count, int64, shape (T,).
        test_ids: Token ids to score, int64, shape (T,). We score all of them,
            NLTK the first few: the output says how many.
        vocabulary_size: V.
        write: Takes each line of the table.

    Returns:
        One row for each smoothing: seconds, tokens per second, their ratios
        (above 1 when ours is faster) and the largest difference between the
        two log-probabilities, in nats.

    Raises:
        ImportError: NLTK is not installed.
        ValueError: The test part is too short to hold one n-gram.
    """
    if len(test_ids) < ORDER:
        raise ValueError(f"{len(test_ids)} test tokens hold no n-gram of order {ORDER}")
    _nltk()
    write(
        f"{len(train_ids):,} tokens counted, {len(test_ids):,} scored, "
        f"V = {vocabulary_size:,}, order {ORDER}, one thread"
    )
    write("NLTK counts n-grams in Python dictionaries; ours are sorted numpy arrays.")
    counts, nltk_fit = _fit_nltk(train_ids, vocabulary_size, ORDER)
    write("NLTK's fit is the same for all smoothings: it was timed once.")
    write(HEADER)
    rows = []
    for pair in pairs():
        rows.append(
            {
                "name": pair.name,
                "nltk_fit_seconds": nltk_fit,
                **_time_ours(pair.ours, train_ids, test_ids, vocabulary_size, ORDER),
                **_time_nltk(pair, counts, test_ids, vocabulary_size, ORDER),
            }
        )
        _compare(rows[-1])
        write(_line(rows[-1]))
    samples = ", ".join(f"{row['nltk_tokens']:,}" for row in rows)
    write(f"NLTK scored {samples} test tokens, in the order of the lines.")
    write(NOTES)
    write(_alone(train_ids, test_ids, vocabulary_size, LONGEST))
    return rows


def _nltk() -> Any:
    """Return `nltk.lm`, or say how to get it."""
    try:
        import nltk.lm
    except ImportError as error:
        raise ImportError(
            "this benchmark compares with NLTK: pip install nltk"
        ) from error
    return nltk.lm


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took (wall or CPU, the larger), and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return max(wall, cpu, 1e-9), result


def _best_seconds(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Return the least seconds of several calls, and the last call's result."""
    runs = [_seconds(work) for _ in range(times)]
    return min(seconds for seconds, _ in runs), runs[-1][1]


def _time_ours(
    smoothing: Any, train: np.ndarray, test: np.ndarray, size: int, order: int
) -> dict:
    """Return our times for one smoothing, and our log-probabilities."""
    fit, model = _seconds(lambda: NgramModel(order, smoothing).fit(train, size))
    score, log_probs = _best_seconds(lambda: model.score(test))
    return {"fit_seconds": fit, "tokens_s": len(test) / score, "log_probs": log_probs}


def _fit_nltk(train: np.ndarray, size: int, order: int) -> tuple[Any, float]:
    """Return NLTK's counts of all orders up to `order`, and the seconds they took."""
    from nltk.util import everygrams

    model = _nltk().MLE(order, vocabulary=_vocabulary(size))
    text = _as_text(train)
    seconds, _ = _seconds(lambda: model.fit([everygrams(text, max_len=order)]))
    return model.counts, seconds


def _time_nltk(
    pair: Pair, counts: Any, test: np.ndarray, size: int, order: int
) -> dict:
    """Return NLTK's speed for one smoothing, and its log-probabilities."""
    model = getattr(_nltk(), pair.theirs)(
        order=order, vocabulary=_vocabulary(size), counter=counts, **pair.arguments
    )
    text = tuple(_as_text(test[: pair.sample + order - 1]))
    places = range(order - 1, len(text))

    def score() -> list[float]:
        return [model.logscore(text[i], text[i - order + 1 : i]) for i in places]

    seconds, log2_probs = _best_seconds(score)
    return {
        "nltk_tokens": len(places),
        "nltk_tokens_s": len(places) / seconds,
        "nltk_log_probs": np.array(log2_probs) * np.log(2),
        "places": slice(places.start, places.stop),
    }


def _vocabulary(size: int) -> Any:
    """Return an NLTK vocabulary of exactly `size` words.

    NLTK always adds an unknown word of its own; id 0 stands for it, so that both
    libraries share the mass of unseen words among the same number of words.
    """
    words = [str(i) for i in range(1, size)]
    return _nltk().Vocabulary(words, unk_label="0")


def _as_text(ids: np.ndarray) -> list[str]:
    """Return ids as strings, which is what NLTK's models are made for."""
    return [str(i) for i in ids.tolist()]


def _compare(row: dict) -> None:
    """Replace a row's log-probabilities by their largest difference; add the ratios.

    Where the unigrams rule a word out, both give -inf: they agree.
    """
    ours, theirs = row.pop("log_probs")[row.pop("places")], row.pop("nltk_log_probs")
    unequal = ours != theirs
    difference = np.abs(ours[unequal] - theirs[unequal])
    row["difference_nats"] = float(difference.max(initial=0.0))
    row["fit_ratio"] = row["nltk_fit_seconds"] / row["fit_seconds"]
    row["score_ratio"] = row["tokens_s"] / row["nltk_tokens_s"]


def _line(row: dict) -> str:
    """Return one line of the table."""
    return (
        f"{row['name']:<20}"
        f"{row['fit_seconds']:>8.2f}{row['nltk_fit_seconds']:>9.2f}"
        f"{row['fit_ratio']:>9,.0f}x"
        f"{row['tokens_s']:>12,.0f}{row['nltk_tokens_s']:>9,.0f}"
        f"{row['score_ratio']:>9,.0f}x{row['difference_nats']:>12.1e}"
    )


def _alone(train: np.ndarray, test: np.ndarray, size: int, order: int) -> str:
    """Return a line on our own Kneser-Ney model of a higher order."""
    ours = _time_ours(KneserNey(), train, test, size, order)
    return (
        f"Ours alone, Kneser-Ney of order {order}: fit {ours['fit_seconds']:.2f} s, "
        f"{ours['tokens_s']:,.0f} tokens/second"
    )
