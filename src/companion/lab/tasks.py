"""Labelled tasks from Millbrook: what a model is asked, and the true answer.

Lab. Each function turns a corpus into examples (`companion.lab.examples`), so examples
from two parts of a split share no document. Those that need chance take a seed and draw
from the same raw stream as the documents; the rest keep the corpus's order.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from companion.lab.corpus import Corpus, Document, draws
from companion.lab.examples import (
    Analogy,
    Labelled,
    Pair,
    Referring,
    Sensed,
    Tagged,
    Titled,
    Tokens,
)
from companion.lab.town import TOPICS, ambiguous_words, lexicon, places, pronouns

ANSWERS = ("entails", "neutral", "contradicts")
# A hypothesis, then a premise that entails it, one that leaves it open and one that
# contradicts it. A, B, C are people; "old" stands for all that the predicate could
# leave out. Who mended the old net mended the net, and who never mended the net never
# mended the old one. Each hypothesis stands with each label, so by itself it says
# nothing; and premises of each label have "never", "old" and two people equally often.
QUADRUPLES = (
    ("A old", "AB old", "BA", "AB never old"),
    ("A old", "BA old", "AB", "BA never"),
    ("A", "A old", "A never old", "A never"),
    ("A", "BA", "AB never old", "AB never"),
    ("A never old", "AB never old", "BA", "AB old"),
    ("A never old", "A never", "A", "A old"),
    ("A never", "BA never", "AB never old", "AB old"),
    ("A never", "AB never", "BA never old", "BA"),
    ("A old", "AB old", "BC never", "BA never"),
    ("A", "BA old", "BC old", "AB never"),
    ("A never old", "BA never", "BC never", "AB old"),
    ("A never", "AB never", "BC old", "BA old"),
)
NEGATIONS = ("un", "im", "in", "dis")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def tagging(corpus: Corpus) -> list[Tagged]:
    """Return each sentence with the parts of speech of its tokens."""
    return [Tagged(s.tokens, s.pos) for d in corpus.documents for s in d.sentences]


def entities(corpus: Corpus) -> list[Tagged]:
    """Return each sentence with people, places and organisations in BIO labels."""
    return [Tagged(s.tokens, s.entities) for d in corpus.documents for s in d.sentences]


def topics(corpus: Corpus) -> list[Labelled]:
    """Return each document with its topic; the eight are drawn with equal odds."""
    return [Labelled(_words(d), d.topic) for d in corpus.documents]


def sentiments(corpus: Corpus) -> list[Labelled]:
    """Return each document with its sentiment; both are drawn with equal odds.

    Nobody can be right everywhere: some documents judge nothing, and some judgements go
    against the document's mood. What the best classifier would say is the posterior of
    `lab.read` at a document's end.
    """
    return [Labelled(_words(d), d.sentiment) for d in corpus.documents]


def headlines(corpus: Corpus) -> list[Titled]:
    """Return each document in which somebody did something, with its headline."""
    return [
        Titled(_words(d), tuple(d.headline.split()))
        for d in corpus.documents
        if any(s.event for s in d.sentences)
    ]


def senses(corpus: Corpus) -> list[Sensed]:
    """Return each ambiguous word in its document."""
    found = []
    for document in corpus.documents:
        tokens, start = _words(document), 0
        for sentence in document.sentences:
            for a in sentence.ambiguities:
                found.append(Sensed(tokens, start + a.index, a.sense, a))
            start += len(sentence.tokens)
    return found


def antecedents(corpus: Corpus) -> list[Referring]:
    """Return each pronoun that means somebody named, in its document."""
    return [
        example for document in corpus.documents for example in _referring(document)
    ]


def _referring(document: Document) -> Iterator[Referring]:
    tokens, index = _words(document), -1
    named: list[str] = []  # the latest first
    for s in document.sentences:
        for token, kind, gold in zip(s.tokens, s.entities, s.antecedents, strict=True):
            index += 1
            if kind == "B-PER":
                named = [token, *(name for name in named if name != token)]
            elif gold:
                yield Referring(tokens, index, gold, tuple(named))


def next_sentences(corpus: Corpus, seed: int) -> list[Pair]:
    """Return sentences with one that follows, "next", or one that does not, "other".

    Half of each. The other sentence stands at the same place in another document of the
    same topic, so neither topic nor place tells which is which; the people may, and the
    scene.

    Args:
        corpus: The documents.
        seed: A whole number, 0 or more.

    Raises:
        ValueError: The seed is no whole number, or no two documents share a topic.
    """
    draw = _generator(corpus, seed)
    rivals: dict[tuple[str, int], list[Document]] = defaultdict(list)
    for document in corpus.documents:
        for place in range(1, len(document.sentences)):
            rivals[document.topic, place].append(document)
    pairs = [
        (document, place)
        for document in corpus.documents
        for place in range(1, len(document.sentences))
        if len(rivals[document.topic, place]) > 1
    ]
    if not pairs:
        raise ValueError(f"no two of {len(corpus.documents)} documents share a topic")
    pairs = pairs[: len(pairs) // 2 * 2]
    true = set(_shuffled(range(len(pairs)), draw)[: len(pairs) // 2])
    found = []
    for at, (document, place) in enumerate(pairs):
        source = document
        if at not in true:
            *others, last = rivals[document.topic, place]
            source = others[int(len(others) * draw())]
            source = last if source is document else source
        first, second = document.sentences[place - 1], source.sentences[place]
        found.append(
            Pair(first.tokens, second.tokens, "next" if at in true else "other")
        )
    return found


def entailment(corpus: Corpus, seed: int) -> list[Pair]:
    """Return premises and hypotheses: "entails", "neutral" or "contradicts".

    Each event with something that could be left out gives a hypothesis and three
    premises, one for each label, about people drawn by lot. They follow `QUADRUPLES`
    in turn; up to eleven events at the end are left out, so all come equally often.
    Labels are balanced, and neither the hypothesis nor any single word tells them. Two
    rules beat chance (1/3) without reasoning: who knows only the form of the premise
    earns 1/2, and who compares people and "never", but not what was left out, 7/9.

    Args:
        corpus: The documents.
        seed: A whole number, 0 or more.

    Raises:
        ValueError: The seed is no whole number, or there are not twelve such events.
    """
    draw, names = _generator(corpus, seed), list(pronouns())
    events = [s.event for d in corpus.documents for s in d.sentences if s.event]
    events = [event for event in events if any(optional for _, optional in event)]
    used = len(events) // len(QUADRUPLES) * len(QUADRUPLES)
    if not used:
        raise ValueError(f"{len(events)} events could be told shorter; 12 are needed")
    found = []
    for at, event in enumerate(events[:used]):
        people = dict(zip("ABC", _shuffled(names, draw), strict=False))
        forms = QUADRUPLES[at % len(QUADRUPLES)]
        hypothesis, *premises = [_told(event, form, people) for form in forms]
        pairs = zip(premises, ANSWERS, strict=True)
        found += [Pair(premise, hypothesis, label) for premise, label in pairs]
    return found


def _told(
    event: Sequence[tuple[str, bool]], form: str, people: dict[str, str]
) -> Tokens:
    """Return a sentence about an event in one of the forms of `QUADRUPLES`."""
    who, *marks = form.split()
    subject = " and ".join(people[letter] for letter in who).split()
    never = ["never"] if "never" in marks else []
    kept = [word for word, optional in event if "old" in marks or not optional]
    return (*subject, *never, *kept, ".")


def analogies(corpus: Corpus, least: int = 1) -> list[Analogy]:
    """Return all pairs of two pairs of a relation, of words that the corpus shows.

    Args:
        corpus: The documents.
        least: How often it shows each of the four words.

    Raises:
        ValueError: `least` is below 1, or no relation has two pairs of such words.
    """
    if least < 1:
        raise ValueError(f"words must be shown once at least, not {least} times")
    counts = Counter(corpus.tokens)
    found = []
    for relation, pairs in relations().items():
        shown = [p for p in pairs if min(counts[word] for word in p) >= least]
        # Anna is to "she" as Mary is to "she": where b is d, nothing is asked.
        found += [
            Analogy(relation, *p, *q) for p in shown for q in shown if p[1] != q[1]
        ]
    if not found:
        raise ValueError(f"no relation has two pairs of words shown {least} times")
    return found


@cache
def relations() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the pairs of words of each relation that the lexicon knows."""
    entries = [lexicon(topic) for topic in TOPICS]
    trades = [trade for entry in entries for trade in entry["trades"]]
    habits = [text.split()[0] for entry in entries for text in entry["habit"]]
    verbs = [re.sub("/[A-Z]+", "", habit).split("~") for habit in habits]
    did = {text.split()[0] for entry in entries for text in entry["did"]}
    pairs = {
        "trade and tool": [(t["name"], t["tool"]) for t in trades],
        "one trade and many": [(t["name"], t["plural"]) for t in trades],
        "name and pronoun": pronouns().items(),
        "one does and many do": verbs,
        "present and past": [(v, p) for v, many in verbs for p in _pasts(many) & did],
        "good and bad": [
            (word, prefix + word)
            for entry in entries
            for word in re.findall("[a-z]+", " ".join(entry["good"]))
            for prefix in NEGATIONS
            if prefix + word in re.findall("[a-z]+", " ".join(entry["bad"]))
        ],
    }
    return {name: tuple(dict.fromkeys(map(tuple, p))) for name, p in pairs.items()}


@cache
def categories() -> dict[str, tuple[str, ...]]:
    """Return the kinds of words that the lexicon keeps in lists of their own.

    Words of two senses are in none, nor are words that would be in two kinds.
    """
    people, known = pronouns(), relations()
    kinds = {
        "women": [name for name, pronoun in people.items() if pronoun == "she"],
        "men": [name for name, pronoun in people.items() if pronoun == "he"],
        "trades": [trade for trade, _ in known["one trade and many"]],
        "trades, many": [many for _, many in known["one trade and many"]],
        "tools": [tool for _, tool in known["trade and tool"]],
        "places": list(places()),
        "days": DAYS,
        "verbs, one": [verb for verb, _ in known["one does and many do"]],
        "verbs, many": [verb for _, verb in known["one does and many do"]],
        "verbs, past": [past for _, past in known["present and past"]],
    }
    words = Counter(word for some in kinds.values() for word in set(some))
    own = {w for w, kinds in words.items() if kinds == 1} - set(ambiguous_words())
    return {
        kind: tuple(word for word in dict.fromkeys(some) if word in own)
        for kind, some in kinds.items()
    }


def _pasts(verb: str) -> set[str]:
    """Return what a regular past could look like: mended, baked, dried, hummed."""
    return {f"{verb}ed", f"{verb}d", f"{verb[:-1]}ied", f"{verb}{verb[-1]}ed"}


def _words(document: Document) -> Tokens:
    """Return a document's tokens without the end."""
    return tuple(document.tokens[:-1])


def _generator(corpus: Corpus, seed: int) -> Callable[[], float]:
    """Return a function that draws from [0, 1), for this corpus and this seed.

    Raises:
        ValueError: The seed is no whole number, 0 or more.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is a whole number, 0 or more, not {seed!r}")
    # Subtle: with the seed alone, train and test would draw the same people for the
    # same labels in the same order, and a bag of words could learn labels from names.
    return draws([seed, zlib.crc32(" ".join(corpus.tokens).encode())]).__next__


def _shuffled(items: Sequence, draw: Callable[[], float]) -> list:
    """Return items in an order drawn at random."""
    items = list(items)
    for last in range(len(items) - 1, 0, -1):
        other = int((last + 1) * draw())
        items[last], items[other] = items[other], items[last]
    return items
