"""The exact reader against an enumeration of every derivation, and in Millbrook."""

import math
import random
from collections import defaultdict
from functools import cache
from itertools import islice

import numpy as np
import pytest

from companion import lab
from companion.lab.exact import Reader
from companion.lab.grammar import Call, Choice, Grammar, Token

PRIOR = np.array([0.3, 0.7])
RULES = {
    # "the cat" comes in three ways.
    "who": ["the {cat|dog}", "the cat", "the (small) cat"],
    "how": ["", "(very) loudly", "{very|} loudly"],
}


def advance(state, text):
    """Count sentences, and remember the animal last mentioned."""
    count, animal = state
    if text == ".":
        return count + 1, animal
    return count, text if text in ("cat", "dog") else animal


@cache
def small():
    """A grammar with all that makes reading hard, and the node it begins at.

    Several derivations of one text, a hidden value, empty alternatives, an ambiguous
    word, rules that look at the state; one calls itself until the state says stop.
    """
    grammar = Grammar(RULES, ["more", "did"])
    for sense in ("tree", "dog"):
        grammar.define_word(sense, Token("bark", "NOUN", f"bark.{sense}"))
    sentence = grammar.compile("<who> <did> . <more>")
    end = grammar.compile("end")
    slept, gnawed, bark = map(
        grammar.compile, ("slept <how>", "has a (old) <tree>", "has a <dog>")
    )
    did = {
        "cat": Choice.of([slept, gnawed, 0], [[2, 1, 1], [1, 1, 0]]),
        "dog": Choice.of([slept, gnawed, bark], [[1, 1, 2], [3, 2, 0]]),
    }
    grammar.dynamic["did"] = lambda state: did[state[1]]
    # The second hidden value never says two sentences after a cat.
    again = {
        "cat": Choice.of([end, sentence], [[1, 1], [1, 0]]),
        "dog": Choice.of([end, sentence], [3, 1]),
    }
    stop = Choice.of([end], [1])
    grammar.dynamic["more"] = lambda state: again[state[1]] if state[0] < 2 else stop
    return grammar, sentence


def derivations(grammar, stack, z, state):
    """(probability, tokens) of every way to use up a stack, one by one."""
    if not stack:
        yield 1.0, ()
        return
    node = stack[-1]
    rest = (*stack[:-1], grammar.after[node]) if grammar.after[node] else stack[:-1]
    item = grammar.items[node]
    if isinstance(item, Token):
        for p, tokens in derivations(grammar, rest, z, advance(state, item.text)):
            yield p, (item, *tokens)
        return
    choice = grammar.dynamic[item.rule](state) if isinstance(item, Call) else item
    shares = np.broadcast_to(choice.probabilities, (2, len(choice.starts)))[z]
    for start, share in zip(choice.starts, shares, strict=True):
        if share:
            longer = (*rest, start) if start else rest
            for p, tokens in derivations(grammar, longer, z, state):
                yield share * p, tokens


@cache
def truth():
    """For each prefix P(prefix, z), and for each token after it P(both, sense, z)."""
    grammar, start = small()
    prefixes = defaultdict(lambda: np.zeros(2))
    following = defaultdict(lambda: defaultdict(lambda: np.zeros(2)))
    for z in range(2):
        for p, tokens in derivations(grammar, (start,), z, (0, "")):
            texts = tuple(token.text for token in tokens)
            for k in range(len(texts) + 1):
                prefixes[texts[:k]][z] += PRIOR[z] * p
                if k < len(texts):
                    key = (texts[k], tokens[k].sense)
                    following[texts[:k]][key][z] += PRIOR[z] * p
    return prefixes, following


def reader(prior=PRIOR):
    grammar, start = small()
    return Reader(grammar, prior, (start,), (0, ""), advance)


def after(texts, made=reader):
    made = made()
    for text in texts:
        made.read(text)
    return made


def test_the_small_grammar_is_as_hard_as_it_says():
    grammar, start = small()
    ways = [
        " ".join(token.text for token in tokens)
        for _, tokens in derivations(grammar, (start,), 0, (0, ""))
    ]
    assert len(ways) > 4 * len(set(ways)) > 400
    assert "the cat . end" in ways  # nothing was done


def test_every_text_has_the_probability_that_enumeration_gives():
    prefixes, _ = truth()
    texts = [t for t in prefixes if t and t[-1] == "end"]
    assert sum(prefixes[t].sum() for t in texts) == pytest.approx(1, abs=1e-12)
    for text in texts:
        one = reader()
        total = math.fsum(one.read(token) for token in text)
        assert total == pytest.approx(math.log(prefixes[text].sum()), abs=1e-12)


def test_after_every_prefix_next_tokens_posterior_and_senses_are_the_enumerated_ones():
    prefixes, following = truth()
    for prefix in following:
        one = after(prefix)
        posterior = prefixes[prefix] / prefixes[prefix].sum()
        np.testing.assert_allclose(one.posterior, posterior, atol=1e-12)
        expected = defaultdict(float)
        for (text, _), p in following[prefix].items():
            expected[text] += p.sum() / prefixes[prefix].sum()
        found = {text: p for text, p in one.distribution().items() if p}
        assert found == pytest.approx(dict(expected), abs=1e-12)
        barks = {s: p.sum() for (t, s), p in following[prefix].items() if t == "bark"}
        total = sum(barks.values())
        senses = {sense: p for sense, p in one.senses("bark").items() if p}
        assert senses == pytest.approx(
            {s: p / total for s, p in barks.items()}, abs=1e-12
        )


def test_a_sense_is_weighed_by_hand():
    # "the dog has a bark": in z=0 it is 1/4 a tree's, 2/4 a dog's; in z=1 2/5 a tree's,
    # never a dog's. Half of the trees' barks are said to be old first.
    one = after(["the", "dog", "has", "a"])
    tree, dog = 0.3 / 4 / 2 + 0.7 * 2 / 5 / 2, 0.3 * 2 / 4
    expected = {"bark.tree": tree / (tree + dog), "bark.dog": dog / (tree + dog)}
    assert one.senses("bark") == pytest.approx(expected)
    assert one.senses("cat") == {}
    assert after(["the"]).senses("dog") == {}  # it comes, but has no senses


def test_an_impossible_token_has_minus_infinity_and_is_not_read():
    one, other = after(["the", "small"]), after(["the", "small"])
    for token in ("dog", "nonsense", "."):  # a small dog, there is none
        assert one.read(token) == -math.inf
    assert one.state == other.state
    assert one.read("cat") == other.read("cat") == 0
    assert one.distribution() == other.distribution()


def test_at_the_end_nothing_follows():
    done = after(["the", "cat", ".", "end"])
    assert done.distribution() == {}
    assert done.read("end") == -math.inf


def test_who_is_told_the_hidden_value_has_no_doubt():
    prefixes, _ = truth()
    text = ("the", "cat", "slept", "loudly", ".", "end")
    for z, told in enumerate(np.eye(2)):
        one = reader(told)
        total = sum(one.read(token) for token in text)
        assert total == pytest.approx(math.log(prefixes[text][z] / PRIOR[z]))
        assert one.posterior.tolist() == told.tolist()


def test_a_hidden_value_can_be_ruled_out():
    one = after(["the", "cat", "."])  # only the first hidden value does nothing
    assert one.posterior.tolist() == [1, 0]


# Millbrook


@pytest.fixture(scope="module")
def prefixes():
    """Readers after 200 random prefixes; for each the document and the next token."""

    def walk():
        # A coin for each token: cuts that knew a document's length would be biased.
        coin = random.Random(0)
        for document in lab.sample(80, 11).documents:
            one = lab.read()
            for token in document.tokens:
                if coin.random() < 1 / 20:
                    found = one.distribution(), one.posterior
                    yield (*found, token, one.read(token))
                else:
                    one.read(token)

    return list(islice(walk(), 200))


def test_after_200_random_prefixes_of_millbrook_the_next_tokens_sum_to_one(prefixes):
    assert len(prefixes) == 200
    for distribution, posterior, _, _ in prefixes:
        assert math.fsum(distribution.values()) == pytest.approx(1, abs=1e-9)
        assert posterior.sum() == pytest.approx(1, abs=1e-9)
        assert min(distribution.values()) >= 0


def test_reading_a_token_costs_what_the_distribution_says(prefixes):
    for distribution, _, token, cost in prefixes:
        assert cost == pytest.approx(math.log(distribution[token]), abs=1e-9)


def test_the_likeliest_next_token_comes_as_often_as_it_should(prefixes):
    best = [max(d, key=d.get) for d, _, _, _ in prefixes]
    p = np.array([d[b] for b, (d, *_) in zip(best, prefixes, strict=True)])
    hits = sum(b == token for b, (_, _, token, _) in zip(best, prefixes, strict=True))
    assert abs(hits - p.sum()) < 3.5 * math.sqrt((p * (1 - p)).sum())


def test_a_document_s_probability_is_the_mean_over_hidden_values():
    for document in lab.sample(4, 3).documents:
        told = []
        for topic, mood in lab.town.HIDDEN:
            one = lab.read(topic, mood)
            costs = []
            for token in document.tokens:
                costs.append(one.read(token))
                if costs[-1] == -math.inf:
                    break
            told.append(math.exp(math.fsum(costs)))
        whole = after(document.tokens, lab.read)
        assert lab.log_prob(document) == pytest.approx(math.log(sum(told) / 16))
        np.testing.assert_allclose(
            whole.posterior, np.array(told) / sum(told), atol=1e-9
        )


def test_who_is_told_a_sense_goes_on_as_a_reader_would():
    document = next(
        d for d in lab.sample(30, 4).documents if d.sentences[1].ambiguities
    )
    one = lab.read()
    tokens = [*document.sentences[0].tokens]
    first = document.sentences[1]
    a = first.ambiguities[0]
    for token in (*tokens, *first.tokens[: a.index]):
        one.read(token)
    word = first.tokens[a.index]
    odds, ahead = one.senses(word), {}
    for sense in odds:
        told = one.told(word, sense)
        ahead[sense] = told.distribution()
        assert math.fsum(ahead[sense].values()) == pytest.approx(1, abs=1e-9)
        assert told.posterior.sum() == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match=f"'{word}' cannot come next as 'no.sense'"):
        one.told(word, "no.sense")
    state = one.told(word, a.sense).state
    one.read(word)
    assert state == one.state
    # What a reader expects is what the told ones expect, by the odds of the senses.
    for token, p in one.distribution().items():
        mixed = math.fsum(odds[s] * ahead[s].get(token, 0.0) for s in odds)
        assert p == pytest.approx(mixed, abs=1e-12)
