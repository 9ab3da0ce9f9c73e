"""Words and their numbers: a vocabulary, a word-level tokenizer, batches of ids.

Chapter 2 on. Models see token ids only; this module goes from text to ids and back, and
deals ids out for training. Axes: T tokens, V vocabulary, N examples, B of a batch.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Vocabulary:
    """A fixed list of V words; a word's id is its place in the list.

    Attributes:
        words: The words, each once; `words[i]` has id i.
        rare: The symbol that stands for every word that is not in the list, or
            None if there is none. It is itself one of `words`.
    """

    words: tuple[str, ...]
    rare: str | None = None
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the words and refuse a list that could not be decoded."""
        ids = {word: i for i, word in enumerate(self.words)}
        if len(ids) != len(self.words):
            twice = next(word for word, n in Counter(self.words).items() if n > 1)
            raise ValueError(f"the word {twice!r} stands twice in the vocabulary")
        if self.rare is not None and self.rare not in ids:
            raise ValueError(f"the rare symbol {self.rare!r} is not one of the words")
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def build(
        cls, words: Iterable[str], minimum_count: int = 1, rare: str = "<rare>"
    ) -> "Vocabulary":
        """Return the words seen `minimum_count` times or more, the frequent first.

        Args:
            words: A text, token by token.
            minimum_count: Words seen less often are merged into `rare`.
            rare: The symbol for all merged words; it is in the vocabulary only if
                `minimum_count` is above 1, since otherwise nothing is merged.

        Raises:
            ValueError: `minimum_count` is below 1, or `words` is empty or one string,
                whose letters would be taken for words.

        >>> vocabulary = Vocabulary.build("the bank by the river bank".split(), 2)
        >>> vocabulary.words
        ('<rare>', 'bank', 'the')
        >>> vocabulary.encode("the old bank".split())
        array([2, 0, 1])
        """
        if isinstance(words, str):
            raise ValueError(f"words must be a list of words, not the text {words!r}")
        if minimum_count < 1:
            raise ValueError(f"minimum_count must be 1 or more, not {minimum_count}")
        counts = Counter(words)
        if not counts:
            raise ValueError("no words: a vocabulary needs a text of one word or more")
        merged = (rare,) if minimum_count > 1 else ()
        kept = [w for w, n in counts.items() if n >= minimum_count and w not in merged]
        kept.sort(key=lambda word: (-counts[word], word))
        return cls((*merged, *kept), *merged)

    def __len__(self) -> int:
        """Return V, the number of words, the rare symbol included."""
        return len(self.words)

    def encode(self, words: Iterable[str]) -> np.ndarray:
        """Return the ids of `words`, int64, shape (T,).

        Raises:
            ValueError: A word is unknown and there is no rare symbol to stand for it,
                or `words` is one string, whose letters would be taken for words.
        """
        if isinstance(words, str):
            raise ValueError(f"words must be a list of words, not the text {words!r}")
        if self.rare is not None:
            unknown = self._ids[self.rare]
            ids = [self._ids.get(word, unknown) for word in words]
            return np.array(ids, dtype=np.int64)
        try:
            return np.array([self._ids[word] for word in words], dtype=np.int64)
        except KeyError as error:
            raise ValueError(
                f"the word {error.args[0]!r} is not in the vocabulary of "
                f"{len(self)} words, which has no rare symbol"
            ) from None

    def decode(self, ids: Sequence[int] | np.ndarray) -> list[str]:
        """Return the words with these ids.

        Raises:
            ValueError: An id is not in 0..V-1.
        """
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"the id {i} is not in 0..{len(self) - 1}")
        return [self.words[i] for i in ids]


def tokenize(text: str) -> list[str]:
    """Return lower-case words and punctuation marks, in order.

    >>> tokenize("The ferryman's bell rang; who was it?")
    ['the', "ferryman's", 'bell', 'rang', ';', 'who', 'was', 'it', '?']
    """
    word = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"  # letters of any alphabet
    return re.findall(rf"{word}|\d+|[.,;:?!]", text.lower())


def windows(ids: Sequence[int] | np.ndarray, size: int) -> np.ndarray:
    """Return all stretches of `size` neighbours, shape (T - size + 1, size).

    They are a view of the ids, not a copy, and cannot be written to.

    Raises:
        ValueError: `ids` is not one line of ids, or is shorter than `size`.

    >>> windows([3, 1, 4, 1], 3).tolist()
    [[3, 1, 4], [1, 4, 1]]
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or not 1 <= size <= len(ids):
        raise ValueError(f"no windows of {size} in ids of shape {ids.shape}")
    return np.lib.stride_tricks.sliding_window_view(ids, size)


def batches(
    examples: int, size: int, seed: int | Sequence[int] | None = None
) -> Iterator[np.ndarray]:
    """Yield the numbers 0..N-1, `size` at a time; each comes once.

    Args:
        examples: N, how many there are.
        size: B; the last batch has what is left.
        seed: Draws their order, a whole number or several; in order if None.

    Raises:
        ValueError: `examples` or `size` is below 1.

    >>> [batch.tolist() for batch in batches(5, 2)]
    [[0, 1], [2, 3], [4]]
    """
    if examples < 1 or size < 1:
        raise ValueError(f"cannot deal {examples} examples out in batches of {size}")
    order = np.arange(examples)
    if seed is not None:
        np.random.default_rng(seed).shuffle(order)
    return (order[start : start + size] for start in range(0, examples, size))


def pad(texts: Sequence[Sequence[int]], padding: int) -> tuple[np.ndarray, np.ndarray]:
    """Return texts of unlike lengths as one array, and where they really are.

    Args:
        texts: Ids of B texts, the longest of T tokens.
        padding: The id that fills up the shorter ones.

    Returns:
        Ids and a mask, both of shape (B, T); the mask is True at tokens, False at
        padding.

    Raises:
        ValueError: There are no texts.

    >>> ids, mask = pad([[5, 6, 7], [8]], padding=0)
    >>> ids.tolist(), mask.tolist()
    ([[5, 6, 7], [8, 0, 0]], [[True, True, True], [True, False, False]])
    """
    if not texts:
        raise ValueError("no texts to pad")
    lengths = np.array([len(text) for text in texts])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, padding)
    ids[mask] = np.concatenate([np.asarray(text, int) for text in texts])
    return ids, mask
