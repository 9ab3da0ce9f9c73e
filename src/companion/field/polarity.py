"""Sentences of film reviews, praise or blame: a task to test representations on.

Chapters: those that transfer what was learnt from plain text. The label belongs to a
whole sentence, so a model must make one vector of many.
"""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from companion.field.faults import FieldDataError, check_counts
from companion.field.fetch import fetch, registry

FILES = {1: "rt-polarity.pos", 0: "rt-polarity.neg"}
# Left by Windows-1252: the code points of a quotation mark and two dashes there.
MENDED = str.maketrans({"\x91": "'", "\x96": "–", "\x97": "—"})


@dataclass(frozen=True)
class Opinion:
    """One sentence of a review.

    Attributes:
        tokens: Its words and marks as in the file, in small letters but for a few.
        label: 1 if the review was positive, 0 if it was negative.
    """

    tokens: tuple[str, ...]
    label: int


@dataclass(frozen=True)
class PolaritySplit:
    """Labelled sentences, cut in three; in each part the positive ones stand first.

    Attributes:
        train: The first 80 % of each label's sentences.
        valid: The next 10 %.
        test: The rest.
    """

    train: tuple[Opinion, ...]
    valid: tuple[Opinion, ...]
    test: tuple[Opinion, ...]


def sentence_polarity(data_sets: Mapping[str, dict] | None = None) -> PolaritySplit:
    """Return Pang and Lee's sentences, half positive and half negative.

    Args:
        data_sets: A registry; the book's own by default.

    Returns:
        8,530 sentences to train, 1,066 to validate and 1,066 to test.

    Raises:
        FieldDataError: The file cannot be had or is no such zip file, or the
            number of sentences with a label is not the registered one.

    Source:
        Pang and Lee (2005), who tested by cross-validation. We cut each of the
        two files at 80 and 90 % in its own order, as Hugging Face's data set
        rotten_tomatoes does, so that results can be compared. Nothing is drawn:
        neighbours in a file share no more rare words than sentences far apart.
    """
    data_sets = registry() if data_sets is None else data_sets
    path = fetch("sentence_polarity/sentence_polarity.zip", data_sets)
    opinions = read_opinions(path)
    found = {file: len(opinions[label]) for label, file in FILES.items()}
    check_counts("sentence_polarity", found, data_sets["sentence_polarity"]["counts"])
    train, valid, test = [], [], []
    for label in FILES:
        of_label = opinions[label]
        first, second = round(0.8 * len(of_label)), round(0.9 * len(of_label))
        train += of_label[:first]
        valid += of_label[first:second]
        test += of_label[second:]
    return PolaritySplit(tuple(train), tuple(valid), tuple(test))


def read_opinions(path: Path) -> dict[int, list[Opinion]]:
    """Return the sentences in a zip file by label, in the order of the files.

    Args:
        path: Zip file with sentence_polarity/rt-polarity.pos and .neg, in UTF-8:
            a sentence a line, spaces between its tokens.

    Raises:
        FieldDataError: The file is no such zip file, is damaged, or has an empty
            line in place of a sentence.
    """
    opinions = {}
    for label, file in FILES.items():
        opinions[label] = [
            Opinion(tuple(line.split()), label) for line in _lines(path, file)
        ]
        if not all(opinion.tokens for opinion in opinions[label]):
            raise FieldDataError(f"{path}: {file} has a line without a sentence")
    return opinions


def _lines(path: Path, file: str) -> list[str]:
    """Return the lines of one file of the zip file."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(f"sentence_polarity/{file}").decode("utf-8")
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        raise FieldDataError(
            f"{path} has no whole {file} ({error}); expected a zip file with "
            f"sentence_polarity/{' and '.join(FILES.values())} in UTF-8"
        ) from error
    return text.translate(MENDED).splitlines()
