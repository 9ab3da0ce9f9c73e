"""Examples of the labelled tasks, and what the commonest answer earns.

Lab. `companion.lab.tasks` makes them. A model that does not beat `majority` has learnt
nothing, however high its score.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from companion.lab.corpus import Ambiguity

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Tagged:
    """A sentence with a label for each token.

    Example:
        "Anna fed the ducks ." and PROPN VERB DET NOUN PUNCT, or B-PER O O O O.
    """

    tokens: Tokens
    labels: Tokens


@dataclass(frozen=True)
class Labelled:
    """A document with one label.

    Example:
        "on Friday Tom , the angler , fed the ducks . ..." and "river", or "good".
    """

    tokens: Tokens
    label: str


@dataclass(frozen=True)
class Pair:
    """Two sentences with one label.

    Example:
        "Anna mended the old net ." and "Anna mended the net ." with "entails"; "Anna
        mended the net ." and "she fed the ducks ." with "next".
    """

    first: Tokens
    second: Tokens
    label: str


@dataclass(frozen=True)
class Titled:
    """A document and its headline.

    Example:
        "on Friday Tom , the angler , fed the ducks . ..." and "Tom fed ducks".
    """

    tokens: Tokens
    headline: Tokens


@dataclass(frozen=True)
class Analogy:
    """Two pairs of words of one relation: a is to b as c is to d, which is asked for.

    Example:
        "trade and tool": "angler" is to "creel" as "joiner" is to "chisel".
    """

    relation: str
    a: str
    b: str
    c: str
    d: str


@dataclass(frozen=True)
class Sensed:
    """An ambiguous word in its document, and what it means there.

    Attributes:
        tokens: The document.
        index: The word's place in the document.
        sense: Its sense.
        ambiguity: Where the cue stands. Its own `index` counts from the sentence's
            beginning, so the sentence begins at `index - ambiguity.index`.

    Example:
        "... she moored the punt at the bank . ...", the place of "bank", "bank.river".
    """

    tokens: Tokens
    index: int
    sense: str
    ambiguity: Ambiguity


@dataclass(frozen=True)
class Referring:
    """A pronoun in its document, and whom it means.

    Attributes:
        tokens: The document.
        index: The pronoun's place in it.
        gold: Whom it means: one name, or two for "they".
        candidates: All names before it, the one mentioned last first.

    Example:
        "Anna wrote to Tom . she fed the ducks .", the place of "she", ("Anna",), and
        ("Tom", "Anna").
    """

    tokens: Tokens
    index: int
    gold: Tokens
    candidates: Tokens


Example = Tagged | Labelled | Pair | Titled | Analogy | Sensed | Referring


def majority(train: Sequence[Example], test: Sequence[Example]) -> float:
    """Return what always giving the answer commonest in `train` earns on `test`.

    That is the share of right answers, and for headlines the mean `overlap`. A sense is
    the commonest of its word, an analogy's answer the commonest of its relation, an
    antecedent the commonest place among the candidates, such as the one named last.

    Raises:
        ValueError: Either has no examples.
    """
    commonest = _commonest([pair for example in train for pair in _answers(example)])
    asked = [pair for example in test for pair in _answers(example)]
    if not asked:
        raise ValueError(f"no examples to test on: {test!r}")
    said = [commonest.get(kind) for kind, _ in asked]
    right = [gold for _, gold in asked]
    if isinstance(test[0], Titled):
        return sum(map(overlap, right, said)) / len(right)
    return sum(a == b for a, b in zip(right, said, strict=True)) / len(right)


def by_word(train: Sequence[Tagged], test: Sequence[Tagged]) -> list[Tokens]:
    """Return for each sentence the labels that its words most often have in `train`.

    A word that `train` lacks gets the commonest label of all.

    Raises:
        ValueError: `train` has no examples.
    """
    seen = [p for e in train for p in zip(e.tokens, e.labels, strict=True)]
    labels, rest = _commonest(seen), _commonest([("", label) for _, label in seen])[""]
    return [tuple(labels.get(word, rest) for word in e.tokens) for e in test]


def entity_f1(gold: Sequence[Tokens], said: Sequence[Tokens]) -> float:
    """Return F1 over whole entities in BIO labels; 0 for who finds none.

    Always saying "O", the commonest label, finds none. So the baseline is `by_word`.

    Raises:
        ValueError: A sentence has not as many labels as it should.

    Example:
        >>> entity_f1([("B-ORG", "I-ORG", "B-PER")], [("B-ORG", "O", "B-PER")])
        0.5
    """
    found = Counter(right=0, gold=0, said=0)
    for a, b in zip(gold, said, strict=True):
        if len(a) != len(b):
            raise ValueError(f"{len(b)} labels for {len(a)} tokens")
        real, claimed = spans(a), spans(b)
        found.update(right=len(real & claimed), gold=len(real), said=len(claimed))
    return 2 * found["right"] / ((found["gold"] + found["said"]) or 1)


def spans(labels: Tokens) -> set[tuple[int, int, str]]:
    """Return (start, end, kind) of each entity in BIO labels.

    Example:
        >>> sorted(spans(("B-ORG", "I-ORG", "O", "B-PER")))
        [(0, 2, 'ORG'), (3, 4, 'PER')]
    """
    found, start = set(), 0
    for at, label in enumerate((*labels, "O")):
        if at > 0 and label == f"I-{labels[at - 1][2:]}":
            continue
        if at > 0 and labels[at - 1] != "O":
            found.add((start, at, labels[at - 1][2:]))
        start = at
    return found


def overlap(gold: Tokens, said: Tokens) -> float:
    """Return F1 over the words of two headlines, in whatever order.

    Example:
        >>> overlap(("Tom", "fed", "ducks"), ("Ann", "fed", "me"))  # 2 * 1 / (3 + 3)
        0.3333333333333333
    """
    common = sum((Counter(gold) & Counter(said)).values())
    return 2 * common / (len(gold) + len(said))


def _answers(example: Example) -> list[tuple[Hashable, Hashable]]:
    """Return (kind of question, right answer) of all that an example asks."""
    match example:
        case Tagged():
            return [("", label) for label in example.labels]
        case Titled():
            return [("", example.headline)]
        case Analogy():
            return [(example.relation, example.d)]
        case Sensed():
            return [(example.tokens[example.index], example.sense)]
        case Referring():
            return [("", tuple(map(example.candidates.index, example.gold)))]
        case _:
            return [("", example.label)]


def _commonest(pairs: Sequence[tuple[Hashable, Hashable]]) -> dict:
    """Return the commonest answer to each kind of question."""
    if not pairs:
        raise ValueError("no examples to learn from")
    # Of two that are equally common the one seen first, so that ties are no chance.
    return {
        kind: answer for (kind, answer), _ in reversed(Counter(pairs).most_common())
    }
