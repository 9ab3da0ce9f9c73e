"""Templates: what each construct says and how likely, and what is refused."""

import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy.stats import chisquare

from companion.lab.grammar import Call, Choice, Grammar, TemplateError, Token

# The weights 1, 2 ** -0.5 and 3 ** -0.5 add up to 2.28446.
FIRST, SECOND, THIRD = 0.43774, 0.30953, 0.25273


def derivations(grammar, stack, z=0, state=None):
    """(probability, tokens) of every way to use up a stack, one by one."""
    if not stack:
        yield 1.0, ()
        return
    node = stack[-1]
    rest = (*stack[:-1], grammar.after[node]) if grammar.after[node] else stack[:-1]
    item = grammar.items[node]
    if isinstance(item, Token):
        for p, tokens in derivations(grammar, rest, z, state):
            yield p, (item, *tokens)
        return
    choice = grammar.dynamic[item.rule](state) if isinstance(item, Call) else item
    shares = choice.probabilities
    shares = shares[z] if shares.ndim == 2 else shares
    for start, share in zip(choice.starts, shares, strict=True):
        for p, tokens in derivations(
            grammar, (*rest, start) if start else rest, z, state
        ):
            yield share * p, tokens


def said(template, rules=None, **marks):
    """Probability of each text that a template can say."""
    grammar = Grammar(rules or {})
    found = defaultdict(float)
    start = grammar.compile(template, **marks)
    for p, tokens in derivations(grammar, (start,) if start else ()):
        found[" ".join(token.text for token in tokens)] += p
    return found


# Syntax


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("moored the boat", {"moored the boat": 1}),
        ("she slept , then he slept .", {"she slept , then he slept .": 1}),
        ("{punt}", {"punt": 1}),
        (
            "the {boat|punt|raft}",
            {"the boat": FIRST, "the punt": SECOND, "the raft": THIRD},
        ),
        ("{two oars|a punt} sank", {"two oars sank": 0.58579, "a punt sank": 0.41421}),
        ("the (old) boat", {"the old boat": 0.5, "the boat": 0.5}),
        ("slept (in the boat)", {"slept in the boat": 0.5, "slept": 0.5}),
        # One of what stands in round brackets is there half of the time.
        ("(old|new) boat", {"old boat": 0.25, "new boat": 0.25, "boat": 0.5}),
        ("{|very} old", {"old": 0.58579, "very old": 0.41421}),
        ("{} old", {"old": 1}),
        ("", {"": 1}),
        # Nested: 0.58579 times 0.58579 and 0.41421.
        ("{a {b|c}|d}", {"a b": 0.34315, "a c": 0.24264, "d": 0.41421}),
        (
            "(very {old|new}) a",
            {"very old a": 0.29289, "very new a": 0.20711, "a": 0.5},
        ),
        ("{(a) b|c}", {"a b": 0.29289, "b": 0.29289, "c": 0.41421}),
        (
            "{a|b}{c|d}",
            {"a c": 0.34315, "a d": 0.24264, "b c": 0.24264, "b d": 0.17157},
        ),
    ],
)
def test_a_template_says_these_texts_with_these_probabilities(template, texts):
    assert said(template) == pytest.approx(texts, abs=1e-5)


def test_a_rule_is_called_by_its_name_wherever_it_stands():
    rules = {"boat": ["a <size> punt", "a raft"], "size": ["long", "short"]}
    assert said("<boat> and <boat>", rules) == pytest.approx(
        {
            "a long punt and a long punt": 0.58579**4,
            "a long punt and a short punt": 0.58579**3 * 0.41421,
            "a short punt and a long punt": 0.58579**3 * 0.41421,
            "a short punt and a short punt": 0.58579**2 * 0.41421**2,
            "a long punt and a raft": 0.58579**2 * 0.41421,
            "a short punt and a raft": 0.58579 * 0.41421**2,
            "a raft and a long punt": 0.58579**2 * 0.41421,
            "a raft and a short punt": 0.58579 * 0.41421**2,
            "a raft and a raft": 0.41421**2,
        },
        abs=1e-4,
    )


def test_two_ways_to_say_the_same_add_up():
    assert said("{the boat|the (old) boat}") == pytest.approx(
        {"the boat": 0.58579 + 0.41421 / 2, "the old boat": 0.41421 / 2}, abs=1e-5
    )


def tokens_of(template, **marks):
    grammar = Grammar({"with": ["with Tom"]})
    ((_, tokens),) = derivations(grammar, (grammar.compile(template, **marks),))
    return tokens


def test_a_tag_is_taken_off_its_word():
    assert tokens_of("watch/VERB the boat") == (
        Token("watch", "VERB"),
        Token("the"),
        Token("boat"),
    )


def test_marks_are_set_on_a_template_s_tokens_but_not_on_what_it_calls():
    assert tokens_of("{moored} boats <with>", part="cue") == (
        Token("moored", part="cue"),
        Token("boats", part="cue"),
        Token("with"),
        Token("Tom"),
    )


def test_only_what_stands_in_round_brackets_can_be_left_out():
    grammar = Grammar({})
    ways = derivations(
        grammar, (grammar.compile("the (very {old}) {boat}", part="did"),)
    )
    longest = max((tokens for _, tokens in ways), key=len)
    assert [token.optional for token in longest] == [False, True, True, False]
    assert {token.part for token in longest} == {"did"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("the {boat|punt", r"'the \{boat\|punt' does not close its '\{'"),
        ("the (old boat", r"does not close its '\('"),
        ("the {boat", "does not close"),
        ("the (", "does not close"),
        ("the {old (boat}", r"closes '\(' by '\}'"),
        ("the {old) boat", r"closes '\{' by '\)'"),
        ("the boat}", r"'the boat\}' has a '\}' too many"),
        ("the old) boat", r"has a '\)' too many"),
        ("boat|punt", r"has a '\|' too many"),
        ("{boat}} sank", r"has a '\}' too many"),
        ("the <old boat>", "cannot read 'the <old boat>'"),
        ("the < boat", "cannot read"),
        ("the boat >", "cannot read"),
        ("the <> boat", "cannot read"),
        ("the <bot>", "there is no rule <bot>"),
        ("the boat/", "half a word/TAG: 'boat/'"),
        ("the /NOUN", "half a word/TAG: '/NOUN'"),
    ],
)
def test_a_malformed_template_is_refused(template, message):
    with pytest.raises(TemplateError, match=message):
        Grammar({}).compile(template)


def test_a_malformed_rule_is_refused_when_it_is_called():
    grammar = Grammar({"boat": ["a {punt"], "none": []})
    with pytest.raises(TemplateError, match="'a {punt' does not close"):
        grammar.compile("<boat>")
    with pytest.raises(TemplateError, match="rule <none> has no template"):
        grammar.compile("<none>")


@pytest.mark.parametrize("rules", [{"a": ["b <a>"]}, {"a": ["b <c>"], "c": ["(<a>)"]}])
def test_a_static_rule_that_calls_itself_is_refused(rules):
    with pytest.raises(TemplateError, match="<a>, or it calls itself"):
        Grammar(rules).rule("a")


def test_rules_can_be_added_by_hand():
    grammar = Grammar({"boat": ["a raft"]})
    grammar.define("boat", ["a punt", "a ferry"], part="cue")
    grammar.define_word("bank", Token("bank", "NOUN", "bank.river"))
    ways = derivations(grammar, (grammar.compile("<boat> <bank>"),))
    assert [[token.text for token in tokens] for _, tokens in ways] == [
        ["a", "punt", "bank"],
        ["a", "ferry", "bank"],
    ]
    (start,) = grammar.rule("bank").starts
    assert grammar.items[start] == Token("bank", "NOUN", "bank.river")
    assert grammar.items[grammar.rule("boat").starts[0]].part == "cue"


# Choices


def test_weights_become_probabilities():
    choice = Choice.of([4, 7, 0], [1, 2, 5])
    assert choice.starts == (4, 7, 0)
    assert choice.probabilities.tolist() == [0.125, 0.25, 0.625]
    assert choice.sums == ((0.125, 0.375, 1.0),)


def test_weights_can_depend_on_the_hidden_value():
    choice = Choice.of([4, 7], [[1, 3], [1, 0]])
    assert choice.probabilities.tolist() == [[0.25, 0.75], [1, 0]]
    assert [choice.pick(z, 0.25) for z in (0, 1)] == [7, 4]


@pytest.mark.parametrize(
    ("u", "start"),
    [(0.0, 4), (0.1249, 4), (0.125, 7), (0.3749, 7), (0.375, 0), (1 - 2**-53, 0)],
)
def test_an_alternative_begins_at_its_border(u, start):
    choice = Choice.of([4, 7, 0], [1, 2, 5])
    assert choice.pick(0, u) == start
    assert choice.pick(5, u) == start  # it is the same for every hidden value


def test_what_has_no_weight_is_never_picked():
    choice = Choice.of([4, 7, 9], [0, 1, 0])
    assert {choice.pick(0, u) for u in (0.0, 0.5, 1 - 2**-53)} == {7}


def test_a_sum_rounded_below_one_still_picks_the_last():
    choice = Choice((4, 7), np.array([0.5, 0.5]), ((0.5, 1 - 2**-52),))
    assert choice.pick(0, 1 - 2**-53) == 7


# Steps


def run(grammar, start, draws, z=0, states=None):
    """Texts of the tokens until nothing is left; `states` are given one a token."""
    draws = iter(draws)
    stack, texts = (start,), []
    while stack:
        state = states[len(texts)] if states else None
        token, stack = grammar.step(stack, z, state, lambda: next(draws))
        texts.append(token.text)
    assert next(draws, None) is None
    return " ".join(texts)


def test_steps_follow_the_numbers_drawn():
    grammar = Grammar({"boat": ["punt", "raft", "ferry"]})
    start = grammar.compile("the (old) {big|small} <boat> sank")
    # Round brackets hold what is in them below 0.5, the first of two lies below 0.586,
    # the second of three below 0.747.
    assert run(grammar, start, [0.49, 0.58, 0.43]) == "the old big punt sank"
    assert run(grammar, start, [0.50, 0.59, 0.74]) == "the small raft sank"
    assert run(grammar, start, [0.99, 0.00, 0.75]) == "the big ferry sank"


def test_a_step_asks_a_dynamic_rule_with_the_state_before_its_token():
    grammar = Grammar({}, ["word"])
    start = grammar.compile("<word> <word>")
    starts = {name: grammar.compile(name) for name in ("left", "right")}
    grammar.dynamic["word"] = lambda state: Choice.of([starts[state]], [1])
    assert run(grammar, start, [0.5, 0.5], states=["right", "left"]) == "right left"


def test_a_step_looks_at_the_hidden_value():
    grammar = Grammar({})
    choice = Choice.of([grammar.compile("punt"), 0], [[1, 0], [0, 1]])
    start = grammar.chain([Token("the"), choice, Token("boat")])
    assert run(grammar, start, [0.5], z=0) == "the punt boat"
    assert run(grammar, start, [0.5], z=1) == "the boat"


def test_a_rule_that_calls_itself_at_its_end_leaves_a_short_stack():
    grammar = Grammar({}, ["more"])
    start = grammar.compile("on {and|then} <more>")
    grammar.dynamic["more"] = lambda state: Choice.of([start], [1])
    stack, lengths = (start,), set()
    for _ in range(500):
        _, stack = grammar.step(stack, 0, None, lambda: 0.3)
        lengths.add(len(stack))
    assert max(lengths) <= 2


def test_texts_are_drawn_as_often_as_their_probability_says():
    grammar = Grammar(
        {"boat": ["{a|the} (old|new) boat", "the boat", "{|two|old} boats"]}
    )
    start = grammar.compile("<boat> {sank|(slowly) drifted|}  .")
    expected = defaultdict(float)
    for p, tokens in derivations(grammar, (start,)):
        expected[" ".join(token.text for token in tokens)] += p
    draw, drawn, number = random.Random(7).random, Counter(), 20_000
    for _ in range(number):
        stack, texts = (start,), []
        while stack:
            token, stack = grammar.step(stack, 0, None, draw)
            texts.append(token.text)
        drawn[" ".join(texts)] += 1
    assert set(drawn) == set(expected)
    counts = [drawn[text] for text in expected]
    assert chisquare(counts, [number * p for p in expected.values()]).pvalue > 0.001
