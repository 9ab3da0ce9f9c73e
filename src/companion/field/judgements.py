"""Questions for word vectors: how alike are two words, and which completes a pair?

Chapters: those on word vectors. Both tests look at single words without a sentence, so
they suit a model that gives a word one vector, and "bank" is asked in one sense alone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from companion.field.faults import FieldDataError, check_counts
from companion.field.fetch import fetch, registry

# The highest score of each set, for words that are the same; the lowest is 0.
SCALES = {
    "MC-30": 4.0,
    "RG-65": 4.0,
    "SIMLEX-999": 10.0,
    "WS-353-ALL": 10.0,
    "WS-353-REL": 10.0,
    "WS-353-SIM": 10.0,
}


class Pair(NamedTuple):
    """Two words and how alike people found them.

    Attributes:
        word: One of them, case kept.
        other: The other.
        score: Mean of the judgements, from 0 to the set's value in `SCALES`.
    """

    word: str
    other: str
    score: float


@dataclass(frozen=True)
class AnalogySection:
    """Questions about one relation.

    Attributes:
        name: Name of the relation, such as "capital-world".
        is_syntactic: Whether it is about forms of words, such as the past tense;
            it is about meanings if not.
        questions: Four words a, b, c, d each, case kept: a is to b as c is to d.
    """

    name: str
    is_syntactic: bool
    questions: tuple[tuple[str, str, str, str], ...]


def word_similarity(
    name: str, data_sets: Mapping[str, dict] | None = None
) -> tuple[Pair, ...]:
    """Return pairs of words with the similarity that people gave them.

    Args:
        name: A key of `SCALES`. SIMLEX-999 asks whether words are alike, and gives
            clothes and closet 3.27 of 10; WS-353-ALL took what is related for
            alike, and gives them 8.00. Its parts WS-353-SIM and WS-353-REL hold
            the alike and the related, and 103 pairs that are neither in both.
        data_sets: A registry; the book's own by default.

    Returns:
        The pairs in the order of the file, scores from 0 to `SCALES[name]`. Some
        were judged twice: money and cash in WS-353-ALL.

    Raises:
        ValueError: There is no set of that name.
        FieldDataError: The file cannot be had, a line is no pair with a score on
            the scale, or the number of pairs is not the registered one.

    Source:
        The files of Faruqui and Dyer's eval-word-vectors. WordSim-353 is by
        Finkelstein et al. (2002), its two parts by Agirre et al. (2009),
        SimLex-999 by Hill et al. (2015), RG-65 by Rubenstein and Goodenough
        (1965), MC-30 by Miller and Charles (1991).
    """
    if name not in SCALES:
        raise ValueError(f"no word pairs {name!r}; there are: {', '.join(SCALES)}")
    data_sets = registry() if data_sets is None else data_sets
    file = f"EN-{name}.txt"
    pairs = read_pairs(fetch(f"wordsim/{file}", data_sets), SCALES[name])
    check_counts("wordsim", {file: len(pairs)}, data_sets["wordsim"]["counts"])
    return pairs


def read_pairs(path: Path, highest: float) -> tuple[Pair, ...]:
    """Return the pairs in a file with two words and a score a line.

    Args:
        path: Text file, tabs between the three.
        highest: The highest score of the scale, which begins at 0.

    Raises:
        FieldDataError: A line is no pair with a score on the scale.
    """
    pairs = []
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split("\t")
        if len(fields) != 3 or not 0 <= _number(fields[2]) <= highest:
            raise FieldDataError(
                f"{path}, line {number}: {line!r} is no pair; expected two words "
                f"and a score from 0 to {highest:g}, with tabs between them"
            )
        pairs.append(Pair(fields[0], fields[1], float(fields[2])))
    return tuple(pairs)


def analogies(
    data_sets: Mapping[str, dict] | None = None,
) -> tuple[AnalogySection, ...]:
    """Return Mikolov's questions "Athens is to Greece as Oslo is to what?".

    Args:
        data_sets: A registry; the book's own by default.

    Returns:
        14 sections in the order of the file: 5 semantic with 8,869 questions,
        then 9 syntactic with 10,675. The two sections on capitals share 171
        questions, which published results count twice.

    Raises:
        FieldDataError: The file cannot be had or is no such file, or its sections
            or number of questions are not the registered ones.

    Source:
        [mikolov2013efficient], section 4.1; questions-words.txt of word2vec.
    """
    data_sets = registry() if data_sets is None else data_sets
    sections = read_analogies(fetch("analogies/questions-words.txt", data_sets))
    expected = data_sets["analogies"]["counts"]
    names = [section.name for section in sections]
    if names != expected["sections"]:
        raise FieldDataError(
            f"analogies was read wrongly: sections {', '.join(names)}; "
            f"expected {', '.join(expected['sections'])}"
        )
    questions = sum(len(section.questions) for section in sections)
    check_counts("analogies", {"questions": questions}, expected)
    return sections


def read_analogies(path: Path) -> tuple[AnalogySection, ...]:
    """Return the sections in a file of questions.

    Args:
        path: Text file. A line that begins with a colon names a section, about
            forms of words if its name begins with "gram"; others hold four words.

    Raises:
        FieldDataError: A line is neither, or a question stands before a section.
    """
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    name = None
    for number, line in enumerate(_lines(path), start=1):
        words = line.split()
        if len(words) == 2 and words[0] == ":":
            name = words[1]
            sections[name] = []
        elif len(words) == 4 and name is not None:
            sections[name].append((words[0], words[1], words[2], words[3]))
        else:
            raise FieldDataError(
                f"{path}, line {number}: {line!r} is no question of a section; "
                'expected ": name" of a section first, then four words a line'
            )
    return tuple(
        AnalogySection(name, name.startswith("gram"), tuple(questions))
        for name, questions in sections.items()
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise FieldDataError(f"{path} is not in UTF-8: {error.reason}") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan  # on no scale
