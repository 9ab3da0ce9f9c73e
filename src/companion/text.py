"""Words and their numbers: a vocabulary, a word-level tokenizer, a page to read.

Chapter 2 on. Models see token ids only; this module goes from text to ids and back.
Axes: T tokens, V vocabulary.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources

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


def page() -> list[str]:
    """Return the tokens of the page of prose that the live cells of chapter 2 count."""
    file = resources.files("companion").joinpath("page.txt")
    return tokenize(file.read_text(encoding="utf-8"))
