"""Exact probabilities: the forward algorithm over hidden values and automaton states.

Lab. Whoever reads a text knows neither its hidden value nor which of several
derivations produced it. So we carry every hypothesis, a stack and a weight for each
hidden value, and add up. Axes: Z hidden values.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from copy import copy

import numpy as np

from companion.lab.grammar import Choice, Grammar, Stack, Token

Weight = float | np.ndarray  # a probability, or one for each hidden value, shape (Z,)
Ways = list[tuple[Weight, Stack, Token]]  # how a token can come, and what it leaves

FIXED: dict = {}  # stands for "no rule may be called that depends on the text"


class _NotFixed(Exception):
    """What comes from a node depends on the text before."""


class Reader:
    """All hypotheses about a text after the tokens read so far.

    Args:
        grammar: What may have produced the text.
        prior: Probability of each hidden value, shape (Z,).
        start: The stack at the beginning.
        state: The state at the beginning.
        advance: Returns the state after a token.
    """

    def __init__(
        self,
        grammar: Grammar,
        prior: np.ndarray,
        start: Stack,
        state: Hashable,
        advance: Callable[[Hashable, str], Hashable],
    ):
        self.grammar = grammar
        self.state = state
        self.weights: dict[Stack, np.ndarray] = {start: np.asarray(prior, float)}
        self._advance = advance

    @property
    def posterior(self) -> np.ndarray:
        """Probability of each hidden value given the text so far, shape (Z,)."""
        return sum(self.weights.values())

    def distribution(self) -> dict[str, float]:
        """Return the probability of each next token; they sum to 1."""
        found: dict[str, float] = defaultdict(float)
        for weight, _, token in self._next(None):
            found[token.text] += weight.sum()
        return dict(found)

    def senses(self, word: str) -> dict[str, float]:
        """Return the probability of each sense of a word, should it come next."""
        found: dict[str, float] = defaultdict(float)
        for weight, _, token in self._next(word):
            if token.sense:
                found[token.sense] += weight.sum()
        total = sum(found.values())
        return {sense: p / total for sense, p in found.items()}

    def told(self, word: str, sense: str) -> "Reader":
        """Return a reader that has read a word and knows its sense; this one has not.

        Raises:
            ValueError: The word cannot come next, or not in this sense.
        """
        ways = [way for way in self._next(word) if way[2].sense == sense]
        weights = _gathered(ways)
        total = sum(weight.sum() for weight in weights.values())
        if total == 0:
            raise ValueError(f"{word!r} cannot come next as {sense!r}")
        told = copy(self)
        told.weights = {stack: weight / total for stack, weight in weights.items()}
        told.state = self._advance(self.state, word)
        return told

    def read(self, text: str) -> float:
        """Read a token; return its log-probability given all before it, in nats.

        A token that cannot come has -inf, and is not read.
        """
        weights = _gathered(self._next(text))
        total = sum(weight.sum() for weight in weights.values())
        if total == 0:
            return -math.inf
        self.weights = {stack: w / total for stack, w in weights.items()}
        self.state = self._advance(self.state, text)
        return math.log(total)

    def _next(self, text: str | None) -> Iterator[tuple[np.ndarray, Stack, Token]]:
        """Yield the ways to the next token: to `text` alone, or to every one."""
        calls: dict[str, tuple[Ways, Weight]] = {}
        for stack, weight in self.weights.items():
            while stack and np.any(weight):
                ways, empty = self._from(stack[-1], text, calls)
                for p, inner, token in ways:
                    yield weight * p, (*stack[:-1], *inner), token
                weight, stack = weight * empty, stack[:-1]

    def _from(self, node: int, text: str | None, calls: dict) -> tuple[Ways, Weight]:
        """Return the ways from a node on, and the probability that nothing comes."""
        if text is not None and (known := self._known(node)):
            table, empty = known
            return table.get(text, []), empty
        ways: Ways = []
        reach: Weight = 1.0
        while node:
            after = self.grammar.after[node]
            inner, empty = self._item(self.grammar.items[node], text, calls)
            tail = (after,) if after else ()
            ways += [(reach * p, tail + stack, token) for p, stack, token in inner]
            reach = reach * empty
            node = after if np.any(reach) else 0
        return ways, reach

    def _item(self, item, text: str | None, calls: dict) -> tuple[Ways, Weight]:
        if isinstance(item, Token):
            return ([(1.0, (), item)] if text in (None, item.text) else []), 0.0
        if isinstance(item, Choice):
            return self._choice(item, text, calls)
        if calls is FIXED:
            raise _NotFixed
        if item.rule not in calls:
            choice = self.grammar.dynamic[item.rule](self.state)
            calls[item.rule] = self._choice(choice, text, calls)
        return calls[item.rule]

    def _known(self, node: int) -> tuple[dict[str, Ways], Weight] | None:
        """Return the ways from a node by their token; None if they vary."""
        if node not in self.grammar.known:
            try:
                ways, empty = self._from(node, None, FIXED)
            except _NotFixed:
                self.grammar.known[node] = None
            else:
                table: dict[str, Ways] = defaultdict(list)
                for way in ways:
                    table[way[2].text].append(way)
                self.grammar.known[node] = dict(table), empty
        return self.grammar.known[node]

    def _choice(
        self, choice: Choice, text: str | None, calls: dict
    ) -> tuple[Ways, Weight]:
        ways: Ways = []
        empty: Weight = 0.0
        for start, p in zip(choice.starts, choice.probabilities.T, strict=True):
            if not start:
                empty = empty + p
                continue
            inner, nothing = self._from(start, text, calls)
            ways += [(p * q, stack, token) for q, stack, token in inner]
            empty = empty + p * nothing
        return ways, empty


def _gathered(
    ways: Iterable[tuple[np.ndarray, Stack, Token]],
) -> dict[Stack, np.ndarray]:
    """Return the weight of each stack, summed over the ways to it."""
    weights: dict[Stack, np.ndarray] = {}
    for weight, stack, _ in ways:
        weights[stack] = weights[stack] + weight if stack in weights else weight
    return weights
