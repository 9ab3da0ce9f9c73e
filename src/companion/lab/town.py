"""Millbrook: how its stories are put together.

Lab. The lexicon, TOML files beside this module, has phrases and frames; this module
compiles them into one grammar. A document draws a topic and a mood once; everything
else that reaches across sentences, such as who was named and where they are, is a
function of the tokens before: the `State`. Axes: Z hidden values.
"""

import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from companion.lab.grammar import Choice, Grammar, Token

LEXICON = Path(__file__).with_name("lexicon")
TOPICS = ("money", "river", "theatre", "sport", "farm", "music", "workshop", "kitchen")
MOODS = ("good", "bad")
HIDDEN = tuple(product(TOPICS, MOODS))  # what a document draws once; Z = 16
END = "<end>"
SHORTEST, LONGEST = 4, 8  # sentences of a document
CAST = 3  # people in a document, about
FRIENDLY = 0.85  # probability that a judging sentence is of the document's mood
NEAR = 0.5  # share of ambiguous words that have a sense of the document's topic
ON_TOPIC = 0.75  # share of that sense among such words
FIRST_SENSE = 0.6  # share of the first sense where only the right side tells it
WHERE = {(word, "the") for word in ("at", "in", "into", "outside", "to")}
SAME, AGAIN, KNOWN, PAIR = 0.5, 0.12, 0.2, 0.08  # a subject: pronoun, its name, others


class State(NamedTuple):
    """What the text so far has fixed, a function of its tokens alone.

    Attributes:
        count: Sentences finished.
        cast: People named so far, in order.
        subject: Whom "she", "he" or "they" means: one name, or two.
        opened: Whether the sentence has its subject already.
        scene: Topic of the place last mentioned; "" before any, or long after it.
        since: Sentences finished since that place was mentioned.
        before: The last two tokens of the sentence.
    """

    count: int = 0
    cast: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    opened: bool = False
    scene: str = ""
    since: int = 0
    before: tuple[str, str] = ("", "")


@cache
def lexicon(name: str) -> dict:
    """Return one of the lexicon's files."""
    return tomllib.loads((LEXICON / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def pronouns() -> dict[str, str]:
    """Return "she" or "he" for each first name."""
    names = lexicon("shared")["names"]
    return {name: word for word, text in names.items() for name in text.split()}


@cache
def places() -> dict[str, str]:
    """Return the topic of each place."""
    return {place: topic for topic in TOPICS for place in lexicon(topic)["places"]}


@cache
def ambiguous_words() -> dict[str, dict[str, dict]]:
    """Return each ambiguous word's two senses: topic, then what is said of it.

    The k-th acts of both senses have the same link to the word, so that no preposition
    tells whoever counts words which of two acts is the cue and which the decoy.

    Raises:
        ValueError: A word has not two senses of two topics, an entry lacks a part, or
            the links of the senses differ.
    """
    words = {w: senses for w, senses in lexicon("ambiguous").items() if w != "pos"}
    for word, senses in words.items():
        if len(senses) != 2 or not set(senses) <= set(TOPICS):
            raise ValueError(f"{word!r} needs two senses, each of a topic: {[*senses]}")
        for topic, entry in senses.items():
            for key in ("acts", "after"):
                if not entry.get(key):
                    raise ValueError(f"{word}.{topic} has no {key!r}")
            for act in entry["acts"]:
                if act.count(" | ") != 1 or not act.endswith((" the", " a")):
                    raise ValueError(
                        f"{word}.{topic}: no 'act | link' in {act!r}; "
                        "as in 'moored the punt | at the'"
                    )
        first, second = (
            [act.split(" | ")[1] for act in entry["acts"]] for entry in senses.values()
        )
        if first != second:
            raise ValueError(
                f"{word}: the links of its senses differ, {first} and {second}"
            )
    return words


def senses() -> list[tuple[str, str]]:
    """Return (word, topic) of every sense of the ambiguous words."""
    return [(w, topic) for w, by in ambiguous_words().items() for topic in by]


def scene_of(state: State, text: str) -> str:
    """Return the topic of the place where a token says that people are; else ""."""
    return places().get(text, "") if state.before in WHERE else ""


def advance(state: State, text: str) -> State:
    """Return the state after one more token."""
    if text == ".":
        # "There" means a place of the sentence just before, not of some time ago.
        scene = "" if state.since else state.scene
        return state._replace(
            count=state.count + 1, opened=False, scene=scene, since=1, before=("", "")
        )
    before = (state.before[1], text)
    if text in pronouns() and state.before[1] != "in":  # "in Chester" is a town
        cast = state.cast if text in state.cast else (*state.cast, text)
        subject = state.subject
        if not state.opened:
            subject = (text,)
        elif state.before == (subject[-1], "and"):
            subject = (*subject, text)
        return state._replace(cast=cast, subject=subject, opened=True, before=before)
    if text in ("she", "he", "they"):
        return state._replace(opened=True, before=before)
    if scene := scene_of(state, text):
        return state._replace(scene=scene, since=0, before=before)
    return state._replace(before=before)


@cache
def millbrook() -> Grammar:
    """Return the grammar of Millbrook's documents; it begins at the rule "next"."""
    shared, frames = lexicon("shared"), lexicon("frames")
    words = [f"word.{kind}" for kind in frames["word"]]
    varying = ["P", "new", "other", *shared["forms"], "next", "sentence", "word.class"]
    grammar = Grammar({**shared["rules"], **_topic_rules()}, [*varying, *words])
    _add_people(grammar)
    _add_ambiguous(grammar)
    _add_sentences(grammar)
    return grammar


def _topic_rules() -> dict[str, list[str]]:
    """Return the rules that hold the topics' phrases, such as "river.thing"."""
    rules = {}
    for topic in TOPICS:
        entry = lexicon(topic)
        rules[f"{topic}.trade"] = [trade["name"] for trade in entry["trades"]]
        rules[f"{topic}.trades"] = [trade["plural"] for trade in entry["trades"]]
        rules[f"{topic}.tool"] = [
            f"the {t['name']} {{needed|wanted|had/VERB}} a new {t['tool']}"
            for t in entry["trades"]
        ]
        for kind in ("scene", "thing", "fact", "good", "bad"):
            rules[f"{topic}.{kind}"] = entry[kind]
        for number, side in (("one", 0), ("many", 2)):
            rules[f"{topic}.habit.{number}"] = [
                " ".join(w.partition("~")[side] or w for w in text.split())
                for text in entry["habit"]
            ]
    return rules


def _add_people(grammar: Grammar) -> None:
    """Add the rules that name people, or say she, he, they."""
    names, forms = pronouns(), lexicon("shared")["forms"]
    node = {name: grammar.chain([Token(name, "PROPN", part="name")]) for name in names}
    pair = {n: grammar.compile(f"{n}/PROPN and <other>", part="name") for n in names}
    ranks = [len(text.split()) for text in lexicon("shared")["names"].values()]
    weight = dict(
        zip(names, (1 / (k + 2) for n in ranks for k in range(n)), strict=True)
    )

    def word_for(subject: tuple[str, ...]) -> str:
        return "they" if len(subject) > 1 else names[subject[0]]

    @lru_cache(None)
    def new(cast: tuple[str, ...]) -> Choice:
        fresh = [name for name in names if name not in cast]
        return Choice.of([node[n] for n in fresh], [weight[n] for n in fresh])

    def among(parts: list[tuple[float, list[int]]], cast: tuple[str, ...]) -> Choice:
        """Return a choice between groups of nodes; what is left goes to new people."""
        starts, weights = [], []
        for share, nodes in parts:
            starts += nodes
            weights += [share / len(nodes)] * len(nodes)
        if len(cast) < CAST or not starts:
            fresh, rest = new(cast), 1 - sum(weights)
            starts += fresh.starts
            weights += [rest * p for p in fresh.probabilities.tolist()]
        return Choice.of(starts, weights)

    @lru_cache(None)
    def other(cast: tuple[str, ...], subject: tuple[str, ...]) -> Choice:
        known = [node[name] for name in cast if name not in subject]
        return among([(0.6, known)] if known else [], cast)

    @lru_cache(None)
    def subject(cast: tuple[str, ...], now: tuple[str, ...]) -> Choice:
        parts = [(SAME, [pronoun["pron"][word_for(now)].starts[0]])]
        parts.append((AGAIN, [node[now[0]]]))
        if known := [node[name] for name in cast if name not in now]:
            parts.append((KNOWN, known))
        if len(now) == 1:
            parts.append((PAIR, [pair[now[0]]]))
        return among(parts, cast)

    pronoun = {
        form: {
            key: Choice.of([grammar.chain([Token(text, "PRON", part="pronoun")])], [1])
            for key, text in by.items()
        }
        for form, by in forms.items()
    }
    for form, by in pronoun.items():
        grammar.dynamic[form] = lambda s, by=by: by[word_for(s.subject)]
    grammar.dynamic["new"] = lambda s: new(s.cast)
    grammar.dynamic["other"] = lambda s: other(s.cast, s.subject)
    grammar.dynamic["P"] = lambda s: (
        subject(s.cast, s.subject) if s.subject else new(s.cast)
    )


def _add_ambiguous(grammar: Grammar) -> None:
    """Add the rules that choose an ambiguous word and its sense."""
    for word, topic in senses():
        _add_sense(grammar, word, topic)
    for kind, templates in lexicon("frames")["word"].items():
        starts = [
            grammar.compile(_of_sense(template, word, topic))
            for word, topic in senses()
            for template, _ in templates
        ]
        shares = [share for _, share in templates]
        if kind.startswith("here"):
            by = {t: _at_scene(t, starts, shares) for t in TOPICS}
            grammar.dynamic[f"word.{kind}"] = lambda s, by=by: by[s.scene]
        else:
            weights = np.repeat(
                _sense_weights(kind.startswith("right")), len(shares), axis=1
            )
            made = Choice.of(starts, weights * np.tile(shares, len(senses())))
            grammar.dynamic[f"word.{kind}"] = lambda s, made=made: made
    starts = []
    for entry in lexicon("ambiguous")["pos"]:
        name = f"{entry['word']}.{entry['topic']}"
        grammar.define_word(f"{name}.word", Token(entry["word"], entry["tag"], name))
        for text in entry["frames"]:
            text = text.replace(f"{entry['word']}/{entry['tag']}", f"<{name}.word>")
            starts.append(grammar.compile(text.removeprefix("<P> ")))
    classes = Choice.of(starts, [1.0] * len(starts))
    grammar.dynamic["word.class"] = lambda s: classes


def _add_sense(grammar: Grammar, word: str, topic: str) -> None:
    """Add a sense's own rules: its cues, its acts as decoys, the word itself."""
    entry, name = ambiguous_words()[word][topic], f"{word}.{topic}"
    pairs = [act.split(" | ") for act in entry["acts"]]
    grammar.define(f"{name}.decoy", [act for act, _ in pairs], part="decoy")
    grammar.define(f"{name}.act", [act for act, _ in pairs], part="cue")
    grammar.define(f"{name}.after", entry["after"], part="cue")
    grammar.define_word(f"{name}.word", Token(word, "NOUN", name))
    for place, (act, _) in enumerate(pairs):
        grammar.define(f"{name}.act.{place}", [act], part="cue")
    links = [link for _, link in pairs]
    acts = [f"<{name}.act.{place}>" for place in range(len(pairs))]
    grammar.define(
        f"{name}.at", [f"{a} {link}" for a, link in zip(acts, links, strict=True)]
    )
    before = [link.rsplit(" ", 1)[0] for link in links]  # without the article
    grammar.define(
        f"{name}.which",
        [f"{p} which <who> had {a}" for a, p in zip(acts, before, strict=True)],
    )


def _of_sense(template: str, word: str, topic: str) -> str:
    """Return a template with <S...> for one sense and <O...> for the other."""
    (other,) = (t for t in ambiguous_words()[word] if t != topic)
    own = template.replace("<S.", f"<{word}.{topic}.")
    return own.replace("<O.", f"<{word}.{other}.")


def _at_scene(scene: str, starts: list[int], shares: list[float]) -> Choice:
    """Return a choice between the senses of a scene's topic."""
    per = len(shares)
    at = [i for i, (_, topic) in enumerate(senses()) if topic == scene]
    return Choice.of(
        [starts[per * i + j] for i in at for j in range(per)], shares * len(at)
    )


def _sense_weights(blind: bool) -> np.ndarray:
    """Return P(word, sense | z) up to a factor, shape (Z, number of senses).

    Words with a sense of the document's topic are likelier, and of these that sense;
    a `blind` choice of the sense looks at nothing.
    """
    words = ambiguous_words()
    rows = []
    for topic, _ in HIDDEN:
        near = [word for word, by in words.items() if topic in by]
        row = []
        for word, sense in senses():
            first = sense == next(iter(words[word]))
            share = (1 - NEAR) / len(words) + (NEAR / len(near)) * (word in near)
            if blind:
                row.append(share * (FIRST_SENSE if first else 1 - FIRST_SENSE))
            elif word in near:
                row.append(share * (ON_TOPIC if sense == topic else 1 - ON_TOPIC))
            else:
                row.append(share / 2)
        rows.append(row)
    return np.array(rows)


def _add_sentences(grammar: Grammar) -> None:
    """Add the rules that choose a sentence, and whether one more comes."""
    frames = lexicon("frames")
    for topic in TOPICS:
        did = lexicon(topic)["did"]
        grammar.define(f"{topic}.did", did, part="did")
        # Two halves, so that nobody mends the nets and mends the sails.
        grammar.define(f"{topic}.did.odd", did[0::2], part="did")
        grammar.define(f"{topic}.did.even", did[1::2], part="did")
    more, end = grammar.compile("<sentence> . <next>"), grammar.chain([Token(END)])
    only = Choice.of([more], [1.0])
    endings = {}
    for count in range(SHORTEST, LONGEST + 1):
        stop = 1 / (LONGEST - count + 1)
        endings[count] = Choice.of([end, more], [stop, 1 - stop])
    grammar.dynamic["next"] = lambda s: endings.get(s.count, only)
    shared = [*frames["any"], *frames["ambiguous"]]
    first = _sentences(grammar, frames["opening"], [], [])
    later = _sentences(grammar, frames["topic"], shared, frames["judging"])
    shared = [*shared, *frames["earlier"]]
    there = _sentences(grammar, frames["topic"], shared, frames["judging"])
    grammar.dynamic["sentence"] = lambda s: (
        first if not s.count else there if s.scene else later
    )


def _sentences(grammar: Grammar, own: list, shared: list, judging: list) -> Choice:
    """Return a choice of frames given z: the topic's, judging ones, and shared ones."""
    frames: list[tuple[str, Callable[[str, str], float]]] = []
    for topic in TOPICS:
        for text, w in own:
            text = text.replace("<T.", f"<{topic}.")
            frames.append((text, lambda t, m, w=w, topic=topic: w * (t == topic)))
        for mood, (text, w) in product(MOODS, judging):
            text = text.replace("<T.judged>", f"<{topic}.{mood}>")
            frames.append((text, _of_mood(topic, mood, w)))
    frames += [(text, lambda t, m, w=w: w) for text, w in shared]
    starts = [grammar.compile(text) for text, _ in frames]
    return Choice.of(starts, [[weigh(*z) for _, weigh in frames] for z in HIDDEN])


def _of_mood(topic: str, mood: str, weight: float) -> Callable[[str, str], float]:
    """Return the weight of a judging frame as a function of z."""

    def weigh(t: str, m: str) -> float:
        return weight * (t == topic) * (FRIENDLY if m == mood else 1 - FRIENDLY)

    return weigh
