"""What word vectors know: who their neighbours are, and what chance alone would give.

Chapter 3 on. A model learns a vector for each word; here we ask what it put into them.
No measure stands alone: purity comes with its control, and cosines with the mean cosine
of any two words. Axes: V vocabulary, D width; N rows that are asked about.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from companion.text import batches

BLOCK = 256  # rows whose cosines to all V words are in memory at one time
# What the last row's cosines lose against the first row's when neighbours are ranked.
# Otherwise rounding errors, not the order of the rows, would decide between equals.
TIE = 1e-9


@dataclass(frozen=True)
class Purity:
    """How often a word's nearest neighbours have its own label.

    Attributes:
        measured: Mean over the words of the share of neighbours with the same label,
            0 to 1.
        control: The expected share if neighbours were drawn at random, 0 to 1.
        by_label: `measured` over the words of one label only, for each label, in the
            order in which the labels first occur.
    """

    measured: float
    control: float
    by_label: dict[Hashable, float]


def cosines(
    vectors: np.ndarray, rows: Sequence[int] | np.ndarray | None = None
) -> np.ndarray:
    """Return the cosine of each of the rows' vectors to all, float64, shape (N, V).

    A zero vector has no direction: its cosine is 0 with everything, itself included.

    Args:
        vectors: One vector for each word, float, shape (V, D).
        rows: Which rows to ask about, int, shape (N,); all V if None.

    Raises:
        ValueError: `vectors` is not a table of finite numbers, or a row is not in
            0..V-1.

    >>> cosines(np.array([[3.0, 4.0], [8.0, 6.0], [0.0, 0.0]]), rows=[0]).round(2)
    array([[1.  , 0.96, 0.  ]])
    """
    units = _units(vectors)
    asked = units if rows is None else units[_checked_rows(rows, len(units))]
    return np.clip(asked @ units.T, -1, 1)  # (N, V); rounding may end above 1


def neighbours(
    vectors: np.ndarray, words: Sequence[str], word: str, number: int = 10
) -> list[tuple[str, float]]:
    """Return the words with the largest cosine to a word, the nearest first.

    The word itself is left out. Ties are broken by row order: of equal cosines (to
    1e-9) the earlier row is the nearer one.

    Args:
        vectors: One vector for each word, float, shape (V, D).
        words: The V words, each once; `words[i]` has row i.
        word: One of them.
        number: How many to return; all V - 1 others if there are no more.

    Returns:
        Pairs of a word and its cosine.

    Raises:
        ValueError: The word is unknown, there is not one word for each vector, `number`
            is below 1, or `vectors` is not a table of finite numbers.

    >>> vectors = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 4.0]])
    >>> neighbours(vectors, ["boat", "fiddle", "ferry"], "boat")
    [('ferry', 0.6), ('fiddle', 0.0)]
    """
    words = list(words)
    if len(words) != len(vectors):
        raise ValueError(f"{len(words)} words do not name {len(vectors)} vectors")
    if number < 1:
        raise ValueError(f"number must be 1 or more, not {number}")
    if word not in words:
        raise ValueError(_unknown(word, words))
    row = words.index(word)
    cosine = cosines(vectors, [row])[0]  # (V,)
    order = np.argsort(_handicap(len(words)) - cosine)
    nearest = order[order != row][:number]
    return [(words[i], float(cosine[i])) for i in nearest]


def purity(
    vectors: np.ndarray,
    labels: Sequence[Hashable],
    neighbours: int = 10,
    among: Sequence[int] | np.ndarray | None = None,
) -> Purity:
    """Return the mean share of a word's nearest neighbours that have its label.

    Near is a large cosine, and no word is its own neighbour. Ties are broken by row
    order: of equal cosines (to 1e-9) the earlier row is the nearer one. Where all are
    equal, as between one-hot vectors, the first rows are everybody's neighbours, and
    the purity tells of the order of the rows, not of the vectors.

    The control is what chance gives: the expected share if neighbours were drawn at
    random from the other rows that may be neighbours. It is exact, computed from the
    counts of the labels, and does not depend on the vectors.

    Args:
        vectors: One vector for each word, float, shape (V, D).
        labels: One for each word, such as its topic; a word whose label is None is not
            asked about and is nobody's neighbour.
        neighbours: How many of the nearest count.
        among: Rows that may be neighbours, int; all with a label if None. The words
            asked about stay the same.

    Raises:
        ValueError: There is not one label for each vector, `neighbours` is below 1 or
            not below the number of rows that may be neighbours, a row of `among` is not
            in 0..V-1, or `vectors` is not a table of finite numbers.

    >>> vectors = np.array([[9.0, 1.0], [9.0, 2.0], [1.0, 9.0], [2.0, 9.0]])
    >>> purity(vectors, ["boat", "boat", "music", "music"], neighbours=1)
    Purity(measured=1.0, control=0.333..., by_label={'boat': 1.0, 'music': 1.0})
    """
    units = _units(vectors)
    ids, names = _numbered(labels, len(units))
    asked = np.flatnonzero(ids >= 0)  # (N,)
    allowed = ids >= 0  # (V,)
    if among is not None:
        allowed &= np.isin(np.arange(len(units)), _checked_rows(among, len(units)))
    if not 1 <= neighbours < allowed.sum():
        raise ValueError(
            f"neighbours must be 1 or more and below {allowed.sum()}, the number of "
            f"rows that may be neighbours, not {neighbours}"
        )
    shares = np.empty(len(asked))
    for block in batches(len(asked), BLOCK):
        nearest = _nearest(units, asked[block], allowed, neighbours)
        shares[block] = (ids[nearest] == ids[asked[block], None]).mean(axis=1)
    by_label = np.bincount(ids[asked], shares) / np.bincount(ids[asked])
    return Purity(
        measured=float(shares.mean()),
        control=_chance(ids, allowed),
        by_label=dict(zip(names, by_label.tolist(), strict=True)),
    )


def anisotropy(vectors: np.ndarray) -> float:
    """Return the mean cosine of two different rows, -1 to 1.

    Near 0 the vectors point everywhere; near 1 they lie in a narrow cone, and a large
    cosine of two words says little about these two. A zero vector counts as a row whose
    cosines are 0.

    Args:
        vectors: One vector for each word, float, shape (V, D).

    Raises:
        ValueError: There are fewer than two rows, or `vectors` is not a table of finite
            numbers.

    Source:
        [ethayarajh2019contextual], section on adjusting for anisotropy. There the mean
        is estimated from randomly sampled words in their contexts; here it is exact,
        over all pairs of rows.

    >>> anisotropy(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 5.0]]))  # 0, 0 and 1
    0.333...
    """
    units = _units(vectors)
    size = len(units)
    if size < 2:
        raise ValueError(f"anisotropy needs two rows or more, not {size}")
    # |sum of units|^2 adds up the cosines of all ordered pairs; each row with itself,
    # 1 or for a zero vector 0, comes off again.
    pairs = (units.sum(axis=0) ** 2).sum() - (units**2).sum()
    return float(pairs / (size * (size - 1)))


class Leaning(NamedTuple):
    """How far similar vectors belong to words with similar neighbours in a text.

    Attributes:
        followers: Correlation of the vectors' cosines with how alike what follows is.
        predecessors: The same for what comes before.
    """

    followers: float
    predecessors: float


def leaning(
    vectors: np.ndarray, ids: Sequence[int] | np.ndarray, least: int = 50
) -> Leaning:
    """Return to which side of a word its vector leans.

    Two words are followed alike as far as the distributions of the next word are:
    their Bhattacharyya coefficient, the sum over words of the root of p times q.

    Args:
        vectors: One vector for each word, float, shape (V, D).
        ids: A text, int, shape (T,).
        least: Occurrences that a word needs; its pairs with all other such words count.

    Returns:
        Pearson correlations, -1 to 1.

    Raises:
        ValueError: Fewer than three words occur so often.
    """
    units, ids = _units(vectors), np.asarray(ids)
    size = len(units)
    asked = np.flatnonzero(np.bincount(ids, minlength=size) >= least)
    if len(asked) < 3:
        raise ValueError(f"only {len(asked)} words occur {least} times, three must")
    pairs = np.triu_indices(len(asked), 1)
    cosine = (units[asked] @ units[asked].T)[pairs]
    found = []
    for first, second in ((ids[:-1], ids[1:]), (ids[1:], ids[:-1])):
        beside = csr_array((np.ones(len(first)), (first, second)), (size, size))[asked]
        number = np.maximum(beside.sum(axis=1), 1)  # the last word has no follower
        beside = np.sqrt(beside / number[:, None])
        found.append(np.corrcoef((beside @ beside.T).toarray()[pairs], cosine)[0, 1])
    return Leaning(*map(float, found))


def _units(vectors: np.ndarray) -> np.ndarray:
    """Return the rows scaled to length 1, zero rows left zero, float64, (V, D)."""
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise ValueError(
            f"vectors must have shape (V, D), one row for each word, not "
            f"{vectors.shape}"
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise ValueError(f"the vector of row {np.argmin(finite)} is not finite")
    largest = np.abs(vectors).max(axis=1, keepdims=True)  # (V, 1)
    # Subtle: divide by the largest number first. The squares of tiny numbers are 0 and
    # those of huge ones infinite, and a short vector would pass for a zero vector.
    vectors = vectors / np.where(largest > 0, largest, 1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _nearest(
    units: np.ndarray, rows: np.ndarray, allowed: np.ndarray, number: int
) -> np.ndarray:
    """Return each row's nearest allowed rows, itself left out, in no order, (N, k)."""
    keys = units[rows] @ units.T  # (N, V)
    keys -= np.where(allowed, _handicap(len(units)), np.inf)
    keys[np.arange(len(rows)), rows] = -np.inf
    return np.argpartition(keys, -number, axis=1)[:, -number:]


def _handicap(size: int) -> np.ndarray:
    """Return what each row's cosines lose in the ranking, 0 to `TIE`, shape (V,)."""
    return np.arange(size) * (TIE / size)


def _chance(ids: np.ndarray, allowed: np.ndarray) -> float:
    """Return the mean share of the allowed other rows that have a row's label."""
    asked = ids >= 0
    counts = np.bincount(ids[allowed], minlength=ids.max() + 1)
    itself = allowed[asked]  # a row is none of its own neighbours
    return float(((counts[ids[asked]] - itself) / (allowed.sum() - itself)).mean())


def _numbered(labels: Sequence[Hashable], size: int) -> tuple[np.ndarray, list]:
    """Return each row's label as a number, -1 for None, (V,), and the labels."""
    if len(labels) != size:
        raise ValueError(f"{len(labels)} labels do not fit {size} vectors")
    names = list(dict.fromkeys(label for label in labels if label is not None))
    numbers = {None: -1, **{name: i for i, name in enumerate(names)}}
    return np.array([numbers[label] for label in labels], dtype=np.int64), names


def _checked_rows(rows: Sequence[int] | np.ndarray, size: int) -> np.ndarray:
    """Return `rows` as int64, if they are row numbers 0..V-1."""
    rows = np.asarray(rows)
    if rows.ndim != 1 or (rows.size > 0 and rows.dtype.kind not in "iu"):
        raise ValueError(
            f"rows must be whole numbers in one dimension, not {rows.dtype} of shape "
            f"{rows.shape}"
        )
    outside = (rows < 0) | (rows >= size)
    if outside.any():
        raise ValueError(f"row {rows[np.argmax(outside)]} is not in 0..{size - 1}")
    return rows.astype(np.int64)


def _unknown(word: str, words: list[str]) -> str:
    """Return what to say of a word that is not in the list."""
    close = get_close_matches(str(word), words)
    near = f"near spellings: {', '.join(map(repr, close))}" if close else "none is near"
    return f"the word {word!r} is not one of the {len(words)} words; {near}"
