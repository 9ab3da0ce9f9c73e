"""The Brown corpus: a million words of American English of 1961, tagged by hand.

Chapters 2 and 3. Bengio et al. (2003) measured the first neural language model
on it, so the book's ladder of language models stands on the same text and split.
"""

import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.field.faults import FieldDataError
from companion.field.fetch import fetch, registry
from companion.text import Vocabulary

RARE = "<rare>"
EXPECTED = "expected a zip file with brown/ca01 to brown/cr09 and brown/cats.txt"


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes:
        tokens: The words as printed, case kept.
        pos: A part-of-speech tag for each word, in Brown's own tag set.
    """

    tokens: tuple[str, ...]
    pos: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """One text sample of about 2,000 words.

    Attributes:
        name: Its name in the corpus, "ca01" to "cr09".
        genre: Its genre, such as "news" or "science_fiction".
        sentences: Its sentences in order.
    """

    name: str
    genre: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Brown:
    """The corpus.

    Attributes:
        documents: Its documents in corpus order, "ca01" to "cr09".
    """

    documents: tuple[Document, ...]

    @property
    def words(self) -> list[str]:
        """All words in corpus order, without sentence boundaries."""
        return [
            word
            for document in self.documents
            for sentence in document.sentences
            for word in sentence.tokens
        ]


@dataclass(frozen=True)
class BengioSplit:
    """A corpus as ids, cut in three in corpus order.

    Attributes:
        vocabulary: The words behind the ids.
        train: Ids of the first part, int64, shape (T,).
        valid: Ids of the second part, int64, shape (T,).
        test: Ids of the rest, int64, shape (T,).
    """

    vocabulary: Vocabulary
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


def brown(data_sets: Mapping[str, dict] | None = None) -> Brown:
    """Return the Brown corpus, fetched once and counted.

    Args:
        data_sets: A registry; the book's own by default.

    Returns:
        500 documents in 15 genres: 57,340 sentences, 1,161,192 words.

    Raises:
        FieldDataError: The file cannot be had, or its counts of files,
            sentences, tokens, types or tags are not the registered ones.

    Source:
        W. N. Francis and H. Kucera, Brown University Standard Corpus of
        Present-Day American English; the tagged form that NLTK distributes.
    """
    data_sets = registry() if data_sets is None else data_sets
    corpus = read_brown(fetch("brown/brown.zip", data_sets))
    _check_counts(corpus, data_sets["brown"]["counts"])
    return corpus


def read_brown(path: Path) -> Brown:
    """Return the corpus in a zip file of tagged text.

    Args:
        path: Zip file with brown/ca01 to brown/cr09 (lines of word/tag) and
            brown/cats.txt (lines of file and genre).

    Returns:
        The corpus, documents sorted by name.

    Raises:
        FieldDataError: The file is no such zip file or is damaged, a line of
            cats.txt is no pair, a document has no genre, or a token no tag.
    """
    text = _members(path)
    if "cats.txt" not in text:
        raise FieldDataError(f"{path} has no brown/cats.txt; {EXPECTED}")
    genres = _genres(text["cats.txt"])
    names = sorted(name for name in text if re.fullmatch(r"c[a-r]\d\d", name))
    missing = [name for name in names if name not in genres]
    if missing:
        raise FieldDataError(f"no genre in cats.txt for {', '.join(missing)}")
    return Brown(
        tuple(
            Document(name, genres[name], _sentences(name, text[name])) for name in names
        )
    )


def _members(path: Path) -> dict[str, str]:
    """Return the text of each file in the zip file, by name without "brown/"."""
    member = ""
    text = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                content = archive.read(member).decode("latin-1")
                text[member.removeprefix("brown/")] = content
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        what = f"has a damaged {member}" if member else "is not a zip file"
        raise FieldDataError(f"{path} {what} ({error}); {EXPECTED}") from error
    return text


def _genres(cats: str) -> dict[str, str]:
    """Return the genre of each document from the lines of cats.txt."""
    genres = {}
    for number, line in enumerate(cats.splitlines(), start=1):
        pair = line.split()
        if len(pair) == 2:
            genres[pair[0]] = pair[1]
        elif pair:
            raise FieldDataError(
                f"cats.txt, line {number}: {line!r} is no file and its genre, "
                'such as "ca01 news"'
            )
    return genres


def _sentences(name: str, text: str) -> tuple[Sentence, ...]:
    """Return the sentences of one document, a line each; empty lines are none."""
    sentences = []
    for line in text.splitlines():
        # Subtle: words contain slashes ("9-1/2"), tags do not: cut at the last.
        pairs = [token.rpartition("/") for token in line.split()]
        if not pairs:
            continue
        words, slashes, tags = zip(*pairs, strict=True)
        if "" in slashes:
            untagged = tags[slashes.index("")]
            raise FieldDataError(f"{name}: token {untagged!r} has no /tag")
        sentences.append(Sentence(words, tags))
    return tuple(sentences)


def _check_counts(corpus: Brown, expected: Mapping[str, int]) -> None:
    """Raise FieldDataError unless the corpus has the registered counts."""
    sentences = [s for document in corpus.documents for s in document.sentences]
    words = corpus.words
    found = {
        "files": len(corpus.documents),
        "sentences": len(sentences),
        "tokens": len(words),
        "types": len(set(words)),
        "tags": len({tag for sentence in sentences for tag in sentence.pos}),
    }
    wrong = [
        f"{found[name]:,} {name}, expected {expected[name]:,}"
        for name in found
        if found[name] != expected[name]
    ]
    if wrong:
        raise FieldDataError(f"the Brown corpus was read wrongly: {'; '.join(wrong)}")


def bengio_split(
    words: Sequence[str],
    train: int = 800_000,
    valid: int = 200_000,
    minimum_count: int = 4,
) -> BengioSplit:
    """Return the words as ids, cut in three as Bengio et al. cut Brown.

    Args:
        words: The whole corpus in order; case is kept.
        train: Length of the first part, in tokens.
        valid: Length of the second part, in tokens; the rest is the test part.
        minimum_count: A word seen less often in `words` (all three parts)
            becomes the one symbol "<rare>".

    Returns:
        The vocabulary and three arrays of ids.

    Raises:
        ValueError: A part has no word, or nothing is left for the test part.

    Source:
        [bengio2003neural], section 4.1: the first 800,000 words, the next
        200,000, the rest; words of frequency <= 3 merged into a single symbol.
        Departures: the paper's Brown has 1,181,041 words and 47,578 types,
        16,383 after merging. The tagged form read here has 1,161,192 tokens and
        56,057 types, 17,905 after merging, so perplexities are near the
        paper's, not comparable to the digit. As in the paper, frequencies
        count over the whole corpus, so the vocabulary peeks at the test part.
    """
    if min(train, valid) < 1:
        raise ValueError(f"parts must have 1 word or more, not {train} and {valid}")
    if len(words) <= train + valid:
        raise ValueError(
            f"{len(words):,} words leave no test part after "
            f"{train:,} to train and {valid:,} to validate"
        )
    vocabulary = Vocabulary.build(words, minimum_count=minimum_count, rare=RARE)
    ids = vocabulary.encode(words)
    return BengioSplit(
        vocabulary,
        train=ids[:train],
        valid=ids[train : train + valid],
        test=ids[train + valid :],
    )
