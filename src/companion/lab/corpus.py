"""Documents of Millbrook: drawn from its grammar, labelled, and scored exactly.

Lab. Every label is the truth, since whoever draws a token knows why.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from companion.lab.exact import Reader
from companion.lab.grammar import Token
from companion.lab.town import (
    END,
    HIDDEN,
    State,
    advance,
    lexicon,
    millbrook,
    scene_of,
)
from companion.text import Vocabulary

DETERMINERS = {"a", "an", "the", "his", "her", "their"}
ORGANISATIONS = {"Herald", "Society", "Company"}
DAYS = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}


@dataclass(frozen=True)
class Ambiguity:
    """An ambiguous word in a sentence, and where its sense can be told from.

    Attributes:
        index: The word's place in the sentence.
        sense: Its sense, such as "bank.river".
        side: Where the cue stands: "left", "right", "both" or "earlier" (in a sentence
            before).
        distance: Tokens from the word to the nearest token of the cue.
        decoy: Whether the sentence also has a phrase that goes with the other sense.
    """

    index: int
    sense: str
    side: str
    distance: int
    decoy: bool


@dataclass(frozen=True)
class Sentence:
    """One sentence, labelled; all tuples have one entry for each token.

    Attributes:
        tokens: Its words, in lower case save for names.
        pos: Parts of speech, tags of Universal Dependencies.
        senses: Sense of each ambiguous word, None elsewhere.
        entities: People, places and organisations: B-PER, I-LOC, ..., O elsewhere.
        antecedents: Whom a pronoun means, one name or two; () elsewhere.
        event: Who did what, for a sentence that says so: the tokens of the predicate,
            and whether each could be left out; () elsewhere.
        actors: Who did it.
        ambiguities: Its ambiguous words.
    """

    tokens: tuple[str, ...]
    pos: tuple[str, ...]
    senses: tuple[str | None, ...]
    entities: tuple[str, ...]
    antecedents: tuple[tuple[str, ...], ...]
    event: tuple[tuple[str, bool], ...]
    actors: tuple[str, ...]
    ambiguities: tuple[Ambiguity, ...]

    @property
    def text(self) -> str:
        """The sentence as it would be printed."""
        text = re.sub(" ([,.:])", r"\1", " ".join(self.tokens))
        return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Document:
    """A story of four to eight sentences.

    Attributes:
        topic: What it is about.
        sentiment: Whether it mostly judges well or badly, "good" or "bad".
        sentences: Its sentences in order.
    """

    topic: str
    sentiment: str
    sentences: tuple[Sentence, ...]

    @property
    def tokens(self) -> list[str]:
        """All tokens in order, "<end>" the last."""
        return [t for sentence in self.sentences for t in sentence.tokens] + [END]

    @property
    def text(self) -> str:
        """The document as it would be printed."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def headline(self) -> str:
        """Who did what, in a few words, such as "Anna mended nets"."""
        for sentence in self.sentences:
            if sentence.event:
                core = [word for word, optional in sentence.event if not optional]
                kept = [word for word in core if word not in DETERMINERS]
                return " ".join([" and ".join(sentence.actors), *kept])
        words = self.sentences[0].text.rstrip(".").split()
        return " ".join(word for word in words if word.lower() not in DETERMINERS)


@dataclass(frozen=True)
class Corpus:
    """Documents that were drawn together.

    Attributes:
        documents: The documents.
    """

    documents: tuple[Document, ...]

    @property
    def tokens(self) -> list[str]:
        """All tokens of all documents in order."""
        return [token for document in self.documents for token in document.tokens]


def sample(documents: int, seed: int) -> Corpus:
    """Return documents drawn at random; the same seed gives the same everywhere.

    Args:
        documents: How many.
        seed: A whole number, 0 or more.

    Raises:
        ValueError: `documents` is below 1, or the seed is no whole number.
    """
    for name, value, least in (("documents", documents, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(
                f"{name} is a whole number, {least} or more, not {value!r}"
            )
    draw = draws(seed).__next__
    return Corpus(tuple(_document(draw) for _ in range(documents)))


def token_log_probs(document: Document) -> list[float]:
    """Return the log-probability of each token given all before it, in nats.

    They are exact: summed over all topics, moods and derivations. The last entry is for
    "<end>". Their negative mean is what the best possible model pays.
    """
    reader = read()
    return [reader.read(token) for token in document.tokens]


def log_prob(document: Document) -> float:
    """Return the log-probability of a whole document, in nats."""
    return math.fsum(token_log_probs(document))


def read(topic: str | None = None, mood: str | None = None) -> Reader:
    """Return the exact reader at the beginning of a document.

    Args:
        topic: The document's topic, if it is told.
        mood: The document's mood, if it is told.

    Raises:
        ValueError: There is no such topic or mood.
    """
    known = [topic in (None, t) and mood in (None, m) for t, m in HIDDEN]
    if not any(known):
        raise ValueError(f"no topic {topic!r} with mood {mood!r} in {HIDDEN}")
    prior = np.array(known) / sum(known)
    return Reader(millbrook(), prior, _start(), State(), advance)


@cache
def vocabulary() -> Vocabulary:
    """Return all words that Millbrook's documents can hold, in alphabetical order."""
    tokens = (item for item in millbrook().items if isinstance(item, Token))
    return Vocabulary(tuple(sorted({token.text for token in tokens})))


def draws(seed: int | Sequence[int]) -> Iterator[float]:
    """Yield numbers from [0, 1), the same on every platform and numpy version."""
    stream = np.random.PCG64(seed)
    while True:
        # The raw 64-bit integers are fixed for good; numpy's distributions are not.
        yield from ((stream.random_raw(4096) >> np.uint64(11)) * 2.0**-53).tolist()


@cache
def _start() -> tuple[int, ...]:
    return (millbrook().compile("<next>"),)


def _document(draw: Callable[[], float]) -> Document:
    grammar, z = millbrook(), int(len(HIDDEN) * draw())
    stack, state = _start(), State()
    here = before = 0  # where a place was last named; the same at the sentence's start
    tokens: list[Token] = []
    subjects: list[tuple[str, ...]] = []
    sentences: list[Sentence] = []
    length = 0
    while True:
        token, stack = grammar.step(stack, z, state, draw)
        if token.text == END:
            return Document(*HIDDEN[z], tuple(sentences))
        if scene_of(state, token.text):
            here = length + len(tokens)
        state = advance(state, token.text)
        tokens.append(token)
        subjects.append(state.subject)
        if token.text == ".":
            sentences.append(_sentence(tokens, subjects, length - before))
            length, before = length + len(tokens), here
            tokens, subjects = [], []


def _sentence(
    tokens: Sequence[Token], subjects: Sequence[tuple[str, ...]], since: int
) -> Sentence:
    """Return a labelled sentence; `since` tokens ago a place was last named."""
    at = [i for i, t in enumerate(tokens) if t.part == "did"]
    start = end = at[0] if at else 0
    while at and tokens[end].part in ("did", "pronoun"):  # "packed his bag" is one
        end += 1
    return Sentence(
        tokens=tuple(t.text for t in tokens),
        pos=tuple(t.pos or part_of_speech(t.text) for t in tokens),
        senses=tuple(t.sense for t in tokens),
        entities=_entities(tokens),
        antecedents=tuple(
            subject if t.part == "pronoun" else ()
            for t, subject in zip(tokens, subjects, strict=True)
        ),
        event=tuple((t.text, t.optional) for t in tokens[start:end]),
        actors=subjects[at[0]] if at else (),
        ambiguities=tuple(
            _ambiguity(tokens, i, since) for i, t in enumerate(tokens) if t.sense
        ),
    )


def _ambiguity(tokens: Sequence[Token], index: int, since: int) -> Ambiguity:
    cues = [i - index for i, t in enumerate(tokens) if t.part == "cue"]
    sides = {"left" if i < 0 else "right" for i in cues}
    if tokens[index].pos != "NOUN" or _is_word_class(tokens[index].text):
        sides, cues = {"left"}, [-1]  # its neighbour tells the part of speech
    side = "both" if len(sides) == 2 else sides.pop() if sides else "earlier"
    distance = min(map(abs, cues)) if cues else since + index
    decoy = any(t.part == "decoy" for t in tokens)
    return Ambiguity(index, tokens[index].sense, side, distance, decoy)


@cache
def _is_word_class(word: str) -> bool:
    return any(entry["word"] == word for entry in lexicon("ambiguous")["pos"])


def _entities(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return BIO labels; what is written with a capital letter is an entity."""
    found: list[str] = []
    for i, token in enumerate(tokens):
        if token.text in DAYS or not token.text[0].isupper():
            found.append("O")
            continue
        if token.part == "name":
            kind = "PER"
        else:
            rest = [t.text for t in tokens[i : i + 2]]
            kind = "ORG" if ORGANISATIONS & set(rest) else "LOC"
        inside = i > 0 and found[-1].endswith(kind) and kind != "PER"
        found.append(f"{'I' if inside else 'B'}-{kind}")
    return tuple(found)


@cache
def _dictionary() -> dict[str, str]:
    return {w: tag for tag, text in lexicon("pos").items() for w in text.split()}


def part_of_speech(word: str) -> str:
    """Return a word's part of speech where its template names none.

    Raises:
        ValueError: The dictionary (pos.toml) lacks the word.
    """
    if word[0].isupper():
        return "PROPN"
    if word not in _dictionary():
        raise ValueError(f"no part of speech for {word!r}; add it to pos.toml")
    return _dictionary()[word]
