"""Templates: weighted automata, written as text and read from left to right.

Lab. A template such as "moored the (old) {boat|punt} <with>" is compiled into nodes:
`{a|b|c}` chooses, earlier alternatives being likelier; `(...)` is there half of the
time; `<name>` calls a rule. What is still to come is a stack of nodes, so a text is
produced one token at a time. A rule may call itself at its very end alone; so every
stack is short, and the whole is a finite automaton. Axes: Z hidden values, K
alternatives.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

Stack = tuple[int, ...]  # nodes still to come, the next one last
FLATNESS = 0.5  # the k-th alternative has the weight k ** -FLATNESS
PIECE = re.compile(r"[{}|()]|<[^<>\s]+>|[^\s{}|()<>]+")
BRACKETS = {"{": "}", "(": ")"}


class TemplateError(ValueError):
    """A template cannot be read, or calls a rule that is not there."""


@dataclass(frozen=True)
class Token:
    """One token and what is known of it.

    Attributes:
        text: The token.
        pos: Its part of speech; "" where the dictionary knows it.
        sense: Sense of an ambiguous word, such as "bank.river"; None for other words.
        part: What it is part of: "did", what somebody did; "cue" or "decoy", what tells
            or belies the sense of a word nearby; "name" or "pronoun", a person; or "".
        optional: Whether it stood in round brackets and could be left out.
    """

    text: str
    pos: str = ""
    sense: str | None = None
    part: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Choice:
    """Alternatives and their probabilities.

    Attributes:
        starts: The node that each begins with, 0 for nothing; K of them.
        probabilities: Shape (K,), or (Z, K) where they depend on the hidden value.
        sums: Running sums of the probabilities, a list for each hidden value, or one.
    """

    starts: tuple[int, ...]
    probabilities: np.ndarray
    sums: tuple[tuple[float, ...], ...]

    @staticmethod
    def of(starts: Sequence[int], weights: Sequence) -> "Choice":
        """Return a choice with probabilities as weights (K,) or (Z, K)."""
        weights = np.array(weights, dtype=float)
        # Added up one by one: numpy's pairwise sums differ between machines.
        rows = np.atleast_2d(weights).tolist()
        totals = [list(accumulate(row))[-1] for row in rows]
        rows = [[w / t for w in row] for row, t in zip(rows, totals, strict=True)]
        probabilities = np.array(rows if weights.ndim == 2 else rows[0])
        return Choice(
            tuple(starts), probabilities, tuple(tuple(accumulate(row)) for row in rows)
        )

    def pick(self, z: int, u: float) -> int:
        """Return the start that a number from [0, 1) falls on."""
        sums = self.sums[z] if len(self.sums) > 1 else self.sums[0]
        return self.starts[min(bisect_right(sums, u), len(sums) - 1)]


@dataclass(frozen=True)
class Call:
    """A rule whose alternatives depend on the text before, or on the hidden value."""

    rule: str


Item = Token | Choice | Call


class Grammar:
    """Rules, compiled.

    Args:
        rules: Templates by the name of their rule, likelier ones first.
        dynamic: Names of rules to be given later, in the attribute `dynamic`, as
            functions of the state.

    Raises:
        TemplateError: A template cannot be read, or calls a rule that is not there.
    """

    def __init__(
        self,
        rules: Mapping[str, Sequence[str]],
        dynamic: Sequence[str] = (),
    ):
        self.items: list[Item | None] = [None]  # node 0: the end of a template
        self.after: list[int] = [0]
        self.dynamic: dict[str, Callable[[Hashable], Choice]] = {}
        self.known: dict = {}  # tables that `exact` keeps
        self._rules = dict(rules)
        self._calls = set(dynamic)
        self._choices: dict[str, Choice] = {}

    def rule(self, name: str) -> Choice:
        """Return the alternatives of a static rule."""
        if name not in self._choices:
            if name not in self._rules:
                raise TemplateError(f"there is no rule <{name}>, or it calls itself")
            self.define(name, self._rules.pop(name))
        return self._choices[name]

    def define(self, name: str, templates: Sequence[str], **marks: str | bool) -> None:
        """Add a static rule; `marks` are set on its tokens."""
        if not templates:
            raise TemplateError(f"rule <{name}> has no template")
        starts = [self.compile(template, **marks) for template in templates]
        self._choices[name] = Choice.of(starts, _falling(len(starts)))

    def define_word(self, name: str, token: Token) -> None:
        """Add a static rule that is one token."""
        self._choices[name] = Choice.of([self.chain([token])], [1.0])

    def compile(self, template: str, **marks: str) -> int:
        """Return the first node of a template; `marks` are set on its tokens."""
        pieces = PIECE.findall(template)
        if "".join(pieces) != re.sub(r"\s", "", template):
            raise TemplateError(f"cannot read {template!r}")
        start, rest = self._sequence(pieces, template, marks)
        if rest:
            raise TemplateError(f"{template!r} has a {rest[0]!r} too many")
        return start

    def chain(self, items: Sequence[Item]) -> int:
        """Add nodes for items that follow each other; return the first."""
        following = 0
        for item in reversed(items):
            self.items.append(item)
            self.after.append(following)
            following = len(self.items) - 1
        return following

    def step(
        self, stack: Stack, z: int, state: Hashable, draw: Callable[[], float]
    ) -> tuple[Token, Stack]:
        """Return the next token, drawn at random, and the stack after it."""
        while True:
            node = stack[-1]
            stack = (*stack[:-1], self.after[node]) if self.after[node] else stack[:-1]
            item = self.items[node]
            if isinstance(item, Token):
                return item, stack
            choice = self.dynamic[item.rule](state) if isinstance(item, Call) else item
            start = choice.pick(z, draw())
            if start:
                stack = (*stack, start)

    def _sequence(
        self, pieces: list[str], template: str, marks: dict
    ) -> tuple[int, list[str]]:
        """Compile up to a closing piece; return the first node and what is left."""
        items: list[Item] = []
        while pieces and pieces[0] not in ("}", ")", "|"):
            piece, *pieces = pieces
            if piece in BRACKETS:
                item, pieces = self._bracket(piece, pieces, template, marks)
            elif piece.startswith("<"):
                name = piece[1:-1]
                item = Call(name) if name in self._calls else self.rule(name)
            else:
                text, slash, pos = piece.partition("/")
                if not text or (slash and not pos):
                    raise TemplateError(f"{template!r} has half a word/TAG: {piece!r}")
                item = Token(text, pos, **marks)
            items.append(item)
        return self.chain(items), pieces

    def _bracket(
        self, opened: str, pieces: list[str], template: str, marks: dict
    ) -> tuple[Choice, list[str]]:
        """Compile what stands in brackets."""
        inner = {**marks, "optional": True} if opened == "(" else marks
        starts, closed = [], "|"
        while closed == "|":
            start, pieces = self._sequence(pieces, template, inner)
            if not pieces:
                raise TemplateError(f"{template!r} does not close its {opened!r}")
            closed, *pieces = pieces
            starts.append(start)
        if closed != BRACKETS[opened]:
            raise TemplateError(f"{template!r} closes {opened!r} by {closed!r}")
        if opened == "(":
            return Choice.of([*starts, 0], [*[1.0] * len(starts), len(starts)]), pieces
        return Choice.of(starts, _falling(len(starts))), pieces


def _falling(number: int) -> list[float]:
    """Return the weights of alternatives, likelier ones first."""
    return [place**-FLATNESS for place in range(1, number + 1)]
