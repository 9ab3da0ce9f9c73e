"""Labelled tasks: true labels, balance, no word that gives a label away, baselines."""

import math
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import chain, combinations

import pytest

from companion import lab
from companion.lab import examples, tasks, town
from companion.lab.examples import (
    Analogy,
    Labelled,
    Pair,
    Referring,
    Sensed,
    Tagged,
    Titled,
)
from companion.lab.tasks import ANSWERS, QUADRUPLES


@pytest.fixture(scope="module")
def corpus():
    return lab.sample(800, seed=5)


@pytest.fixture(scope="module")
def other():
    return lab.sample(500, seed=6)


def sentence(text, pos="", **labels):
    """Return a sentence with the labels given, and blank ones."""
    tokens = tuple(text.split())
    blank = {name: (None,) * len(tokens) for name in ("senses", "entities")}
    blank |= {"pos": tuple(pos.split()), "antecedents": ((),) * len(tokens)}
    blank |= {"event": (), "actors": (), "ambiguities": ()}
    return lab.Sentence(tokens, **(blank | labels))


def document(*sentences, topic="river"):
    return lab.Document(topic, "good", sentences)


def event(text):
    """Return an event; what stands in brackets could be left out."""
    return tuple((w.strip("()"), w.startswith("(")) for w in text.split())


def bag_accuracy(train, test):
    """Return the accuracy of naive Bayes on (words, label) pairs: a bag of words."""
    counts = defaultdict(Counter)
    for words, label in train:
        counts[label].update(words)
    kinds = Counter(label for _, label in train)
    size = len({word for words, _ in train for word in words}) + 1

    def score(words, label):
        total = sum(counts[label].values()) + size
        return math.log(kinds[label]) + sum(
            math.log((counts[label][word] + 1) / total) for word in words
        )

    right = [
        label == max(kinds, key=lambda k: score(words, k)) for words, label in test
    ]
    return sum(right) / len(right)


# Labels that sentences and documents carry


def test_labels_of_sentences_and_documents_are_handed_on():
    told = sentence(
        "Anna fed geese .", "PROPN VERB NOUN PUNCT", entities=("B-PER", *"OOO")
    )
    small = lab.Corpus((document(told, told),))
    tokens = ("Anna", "fed", "geese", ".")
    assert tasks.tagging(small) == [Tagged(tokens, told.pos)] * 2
    assert tasks.entities(small) == [Tagged(tokens, ("B-PER", "O", "O", "O"))] * 2
    assert tasks.topics(small) == [Labelled(tokens * 2, "river")]
    assert tasks.sentiments(small) == [Labelled(tokens * 2, "good")]


def test_no_example_holds_the_end_of_its_document(corpus):
    for made in (tasks.topics, tasks.headlines, tasks.senses, tasks.antecedents):
        assert not any(town.END in example.tokens for example in made(corpus)[:500])


def test_topics_and_sentiments_are_drawn_with_equal_odds(corpus):
    # Standard deviations: sqrt(1/8 * 7/8 / 800) < 0.012 and sqrt(1/4 / 800) < 0.018.
    for made, classes in ((tasks.topics, 8), (tasks.sentiments, 2)):
        counts = Counter(example.label for example in made(corpus))
        assert len(counts) == classes
        assert all(abs(n / 800 - 1 / classes) < 0.06 for n in counts.values())


def test_a_document_in_which_nobody_does_anything_has_no_headline():
    did = sentence(
        "Anna fed the fat geese .", event=event("fed the (fat) geese"), actors=("Anna",)
    )
    idle = sentence("it rained .")
    small = lab.Corpus((document(idle), document(idle, did)))
    tokens = (*idle.tokens, *did.tokens)
    assert tasks.headlines(small) == [Titled(tokens, ("Anna", "fed", "geese"))]


def test_an_ambiguous_word_is_found_in_its_document(corpus):
    found = tasks.senses(corpus)
    assert len(found) == sum(
        len(s.ambiguities) for d in corpus.documents for s in d.sentences
    )
    for example in found:
        word, start = (
            example.sense.split(".")[0],
            example.index - example.ambiguity.index,
        )
        assert example.tokens[example.index] == word
        assert start == 0 or example.tokens[start - 1] == "."


def test_a_pronoun_has_all_names_before_it_as_candidates_the_last_first():
    first = sentence("Anna wrote to Tom .", entities=("B-PER", "O", "O", "B-PER", "O"))
    they = sentence(
        "they told Mary .",
        entities=("O", "O", "B-PER", "O"),
        antecedents=(("Anna", "Tom"), (), (), ()),
    )
    she = sentence("she knew .", antecedents=(("Anna",), (), ()), entities=("O",) * 3)
    (story,) = lab.Corpus((document(first, they, she),)).documents
    found = tasks.antecedents(lab.Corpus((story,)))
    tokens = tuple(story.tokens[:-1])
    assert found == [
        Referring(tokens, 5, ("Anna", "Tom"), ("Tom", "Anna")),
        Referring(tokens, 9, ("Anna",), ("Mary", "Tom", "Anna")),
    ]


def test_every_antecedent_is_a_candidate_and_agrees_with_its_pronoun(corpus):
    forms = {"she": {"she", "her"}, "he": {"he", "his", "him"}}
    found = tasks.antecedents(corpus)
    assert found
    for example in found:
        assert set(example.gold) <= set(example.candidates)
        word = example.tokens[example.index]
        if len(example.gold) == 1:
            assert word in forms[town.pronouns()[example.gold[0]]]
        else:
            assert word in {"they", "their", "them"}


# The next sentence


def test_next_is_next_and_other_is_of_the_same_topic_and_place(corpus):
    where = defaultdict(set)
    for k, d in enumerate(corpus.documents):
        for place, s in enumerate(d.sentences):
            where[s.tokens].add((k, d.topic, place))
    for pair in tasks.next_sentences(corpus, seed=1):
        starts = {(k, topic, place + 1) for k, topic, place in where[pair.first]}
        if pair.label == "next":
            assert starts & where[pair.second]
        else:
            shared = {(t, p) for _, t, p in starts} & {
                (t, p) for _, t, p in where[pair.second]
            }
            assert shared


def test_half_of_the_pairs_are_next():
    for documents in (40, 41, 42):
        pairs = tasks.next_sentences(lab.sample(documents, seed=2), seed=1)
        counts = Counter(pair.label for pair in pairs)
        assert counts["next"] == counts["other"] > 50


def test_another_sentence_comes_from_another_document():
    stories = [
        document(sentence(f"{k} began ."), sentence(f"{k} went on .")) for k in "ab"
    ]
    strangers = set()
    for seed in range(8):
        pairs = tasks.next_sentences(lab.Corpus(tuple(stories)), seed)
        assert [p.label for p in pairs].count("other") == 1
        for pair in pairs:
            assert (pair.first[0] == pair.second[0]) == (pair.label == "next")
        strangers |= {pair.first[0] for pair in pairs if pair.label == "other"}
    assert strangers == {"a", "b"}


def test_the_second_sentence_alone_does_not_tell_whether_it_is_next(corpus, other):
    train, test = (
        [(pair.second, pair.label) for pair in tasks.next_sentences(c, seed=1)]
        for c in (corpus, other)
    )
    assert bag_accuracy(train, test) == pytest.approx(0.5, abs=0.04)


# Entailment


@cache
def follows(premise, hypothesis):
    """Return the label of two forms such as "AB never old", by trying all worlds.

    A world says who mended an old net, and who mended one that was not old.
    """
    deeds = [(person, old) for person in "ABC" for old in (True, False)]
    worlds = chain.from_iterable(combinations(deeds, k) for k in range(len(deeds) + 1))

    def holds(form, world):
        who, *marks = form.split()
        did = {p for p, old in world if old or "old" not in marks}
        return all((person in did) != ("never" in marks) for person in who)

    verdicts = {holds(hypothesis, w) for w in worlds if holds(premise, w)}
    return {(True,): "entails", (False,): "contradicts"}.get((*verdicts,), "neutral")


def test_trying_all_worlds_finds_what_monotonicity_says():
    assert follows("A old", "A") == "entails"
    assert follows("A", "A old") == "neutral"
    assert follows("A never", "A never old") == "entails"
    assert follows("A never old", "A never") == "neutral"
    assert follows("A", "A never") == follows("A old", "A never") == "contradicts"
    assert follows("A", "A never old") == "neutral"


FORMS = [
    (p, h, label) for h, *ps in QUADRUPLES for p, label in zip(ps, ANSWERS, strict=True)
]


def test_the_labels_of_all_forms_hold_in_all_worlds():
    for premise, hypothesis, label in FORMS:
        assert follows(premise, hypothesis) == label


def test_premises_of_each_label_have_the_same_words():
    counts = {label: Counter() for label in ANSWERS}
    for premise, _, label in FORMS:
        who, *marks = premise.split()
        counts[label].update([len(who), *marks])
    # Of twelve premises ten name two people, six say "never", six leave nothing out.
    assert all(c == {1: 2, 2: 10, "never": 6, "old": 6} for c in counts.values())


def test_each_hypothesis_comes_equally_often():
    assert Counter(h for h, *_ in QUADRUPLES) == dict.fromkeys(
        ("A old", "A", "A never old", "A never"), 3
    )


def best_guess(seen):
    """Return the share of `FORMS` that is right when only `seen` is looked at."""
    counts = defaultdict(Counter)
    for premise, hypothesis, label in FORMS:
        counts[seen(premise, hypothesis)][label] += 1
    return sum(max(c.values()) for c in counts.values()) / len(FORMS)


def test_what_is_told_without_reasoning_is_as_much_as_the_docstring_says():
    def shape(form):
        who, *marks = form.split()
        return len(who), *marks

    def people_and_never(premise, hypothesis):
        meet = set(premise.split()[0]) >= set(hypothesis.split()[0])
        return meet, "never" in premise, "never" in hypothesis

    assert best_guess(lambda p, h: shape(h)) == 1 / 3
    assert best_guess(lambda p, h: shape(p)) == 1 / 2
    assert best_guess(people_and_never) == 7 / 9
    assert best_guess(lambda p, h: (shape(p), shape(h), "C" in p)) == 1


def test_an_event_is_told_in_all_ways():
    one = sentence("", event=event("mended the (old) net"))
    pairs = tasks.entailment(lab.Corpus((document(*[one] * 12),)), seed=4)
    names = town.pronouns()
    found = set()
    for pair in pairs:
        words = (*pair.second, *pair.first)
        people = dict.fromkeys(word for word in words if word in names)
        letter = dict(zip(people, "ABC", strict=False))
        sides = (pair.first, pair.second)
        told = [" ".join(letter.get(word, word) for word in side) for side in sides]
        found.add((*told, pair.label))
    net, old = "mended the net .", "mended the old net ."
    assert (f"A {old}", f"A {net}", "entails") in found
    assert (f"A never {net}", f"A never {old}", "entails") in found
    assert (f"A never {net}", f"A {net}", "contradicts") in found

    def told_by_hand(form):
        who, *marks = form.split()
        never = "never " * ("never" in marks)
        return f"{' and '.join(who)} {never}{old if 'old' in marks else net}"

    expected = {(told_by_hand(p), told_by_hand(h), label) for p, h, label in FORMS}
    assert len(pairs) == 36
    assert found == expected


def core(told, names):
    """Return a told sentence without its people and "never"."""
    rest = [word for word in told if word not in names]
    return rest[(rest[0] == "and") + ("never" in rest) :]


def test_labels_can_be_derived_again_from_the_words(corpus):
    names = town.pronouns()
    for pair in tasks.entailment(corpus, seed=1):
        people = dict.fromkeys(w for w in (*pair.first, *pair.second) if w in names)
        letter = dict(zip(people, "ABC", strict=False))
        sides = [core(side, names) for side in (pair.first, pair.second)]
        longest = max(map(len, sides))
        forms = []
        for side, rest in zip((pair.first, pair.second), sides, strict=True):
            who = "".join(letter[w] for w in side if w in names)
            never = " never" * ("never" in side)
            forms.append(who + never + " old" * (len(rest) == longest))
        short, long = sorted(sides, key=len)
        assert set(short) <= set(long)
        assert follows(*forms) == pair.label


def test_labels_are_balanced_and_no_premise_repeats_its_hypothesis(corpus):
    pairs = tasks.entailment(corpus, seed=1)
    counts = Counter(pair.label for pair in pairs)
    assert counts == dict.fromkeys(ANSWERS, len(pairs) // 3)
    assert len(pairs) % 36 == 0
    assert all(pair.first != pair.second for pair in pairs)


@pytest.mark.parametrize("seen", ["hypothesis", "premise", "both"])
def test_a_bag_of_words_is_at_chance_on_entailment(corpus, other, seen):
    def words(pair):
        first = [f"1 {word}" for word in pair.first] if seen != "hypothesis" else []
        second = [f"2 {word}" for word in pair.second] if seen != "premise" else []
        return first + second

    train, test = (
        [(words(pair), pair.label) for pair in tasks.entailment(c, seed=1)]
        for c in (corpus, other)
    )
    assert bag_accuracy(train, test) == pytest.approx(1 / 3, abs=0.05)


def test_one_seed_draws_other_people_for_another_corpus(corpus, other):
    # Else a name would go with the same label in train and test.
    names = town.pronouns()
    told = [
        [tuple(w for w in pair.second if w in names) for pair in tasks.entailment(c, 1)]
        for c in (corpus, other)
    ]
    same = sum(a == b for a, b in zip(*told, strict=False))
    assert same < 0.1 * min(map(len, told))


def test_the_bag_of_words_would_find_a_word_that_tells(corpus, other):
    train, test = (
        [(e.tokens, e.label) for e in tasks.topics(c)] for c in (corpus, other)
    )
    assert bag_accuracy(train, test) > 0.9


def test_nothing_that_can_be_left_out_stands_where_leaving_it_out_says_more():
    # "Without a heavy coat" does not entail "without a coat": such words turn it round.
    turning = re.compile(
        r"\b(without|no|not|never|every|all|any|(?<!a )few|too|than)\b.*\("
    )
    for topic in town.TOPICS:
        assert not [text for text in town.lexicon(topic)["did"] if turning.search(text)]


# Analogies


def test_the_pairs_of_each_relation_are_what_the_lexicon_says():
    relations = tasks.relations()
    assert ("angler", "creel") in relations["trade and tool"]
    assert ("ferryman", "ferrymen") in relations["one trade and many"]
    assert ("Tom", "he") in relations["name and pronoun"]
    assert ("watches", "watch") in relations["one does and many do"]
    assert ("mends", "mended") in relations["present and past"]
    assert ("dries", "dried") in relations["present and past"]
    assert ("hums", "hummed") in relations["present and past"]
    assert ("happy", "unhappy") in relations["good and bad"]


def test_no_first_word_of_a_relation_has_two_seconds():
    for name, pairs in tasks.relations().items():
        assert len(pairs) > 15
        assert max(Counter(a for a, _ in pairs).values()) == 1, name


def test_analogies_are_all_pairs_of_pairs_whose_words_are_shown():
    shown = sentence(
        "Anna Tom Mary she he angler creel joiner chisel mends mended mend ."
    )
    found = tasks.analogies(lab.Corpus((document(shown),)))
    trade = [("angler", "creel"), ("joiner", "chisel")]
    assert {a for a in found if a.relation == "trade and tool"} == {
        Analogy("trade and tool", *trade[0], *trade[1]),
        Analogy("trade and tool", *trade[1], *trade[0]),
    }
    people = [a for a in found if a.relation == "name and pronoun"]
    assert len(people) == 4  # Anna and Tom, Mary and Tom, and the other way round
    assert len(found) == 6  # one pair of "mends" alone asks nothing


def test_rare_words_can_be_left_out_of_analogies(corpus):
    counts = Counter(corpus.tokens)
    some = tasks.analogies(corpus, least=10)
    assert 0 < len(some) < len(tasks.analogies(corpus))
    assert min(counts[w] for e in some for w in (e.a, e.b, e.c, e.d)) >= 10


# Kinds of words


def test_the_words_of_each_kind_are_what_the_lexicon_says():
    some = {
        "women": {"Anna", "Enid"},
        "men": {"Tom", "Martin"},
        "trades": {"joiner", "ferryman"},
        "trades, many": {"joiners", "ferrymen"},
        "tools": {"chisel", "creel"},
        "places": {"bakery", "inn"},
        "days": {"Monday", "Sunday"},
        "verbs, one": {"mends", "watches"},
        "verbs, many": {"mend", "watch"},
        "verbs, past": {"mended", "dried"},
    }
    kinds = tasks.categories()
    assert set(kinds) == set(some)
    for kind, words in some.items():
        assert words <= set(kinds[kind]), kind


def test_kinds_have_as_many_words_as_the_lexicon_lists():
    kinds = tasks.categories()
    trades = sum(len(town.lexicon(topic)["trades"]) for topic in town.TOPICS)
    assert {kind: len(words) for kind, words in kinds.items() if "," not in kind} == {
        "women": 30,
        "men": 30,
        "trades": trades,
        "tools": trades - 1,  # a whistle is blown, and people whistle
        "places": len(town.places()),
        "days": 7,
    }
    assert set(kinds["days"]) == lab.corpus.DAYS


def test_no_word_is_of_two_kinds():
    words = Counter(word for some in tasks.categories().values() for word in some)
    assert max(words.values()) == 1
    # The lexicon has it as a tool of referees and as what many do.
    assert ("referee", "whistle") in tasks.relations()["trade and tool"]
    assert ("whistles", "whistle") in tasks.relations()["one does and many do"]
    assert "whistle" not in words
    assert "whistles" in words


def test_a_word_that_two_have_in_common_is_in_its_kind_once(monkeypatch):
    known = tasks.relations()
    tools = (("joiner", "chisel"), ("mason", "chisel"))
    monkeypatch.setattr(tasks, "relations", lambda: {**known, "trade and tool": tools})
    assert tasks.categories.__wrapped__()["tools"] == ("chisel",)


def test_words_of_two_senses_are_of_no_kind(monkeypatch):
    words = {word for some in tasks.categories().values() for word in some}
    two = {
        *town.ambiguous_words(),
        *(e["word"] for e in town.lexicon("ambiguous")["pos"]),
    }
    assert {"bank", "play"} <= two
    assert not words & two
    monkeypatch.setattr(tasks, "ambiguous_words", lambda: {"joiner": {}, "Anna": {}})
    fewer = {w for some in tasks.categories.__wrapped__().values() for w in some}
    assert words - fewer == {"joiner", "Anna"}


def test_all_words_with_a_kind_can_stand_in_a_document():
    known = set(lab.vocabulary().words)
    for kind, words in tasks.categories().items():
        assert words, kind
        assert set(words) <= known, kind


def test_kinds_are_the_same_whenever_they_are_asked_for():
    again = tasks.categories.__wrapped__()
    assert again == tasks.categories()
    assert list(again) == list(tasks.categories())


# Seeds and errors


def test_the_same_seed_gives_the_same_examples_and_another_seed_others(other):
    for made in (tasks.next_sentences, tasks.entailment):
        assert made(other, seed=1) == made(other, seed=1)
        assert made(other, seed=1) != made(other, seed=2)


def test_a_shuffle_follows_the_draws():
    # Places 2, 1: 0 with 2, then 1 with 1. From abc to cba.
    draws = iter([0.0, 0.9])
    assert tasks._shuffled("abc", draws.__next__) == ["c", "b", "a"]


@pytest.mark.parametrize("seed", [-1, 1.0, True, "1"])
def test_a_seed_that_is_no_whole_number_is_named(other, seed):
    for made in (tasks.next_sentences, tasks.entailment):
        with pytest.raises(ValueError, match=f"seed .* not {seed!r}"):
            made(other, seed)


def test_too_few_documents_are_named():
    one = lab.sample(1, seed=1)
    with pytest.raises(ValueError, match="no two of 1 documents share a topic"):
        tasks.next_sentences(one, seed=1)
    with pytest.raises(ValueError, match="events could be told shorter; 12 are needed"):
        tasks.entailment(one, seed=1)


def test_analogies_need_words_that_are_shown(corpus):
    with pytest.raises(ValueError, match="not 0 times"):
        tasks.analogies(corpus, least=0)
    with pytest.raises(ValueError, match="shown 1000000 times"):
        tasks.analogies(corpus, least=1_000_000)


# Baselines


def test_the_majority_is_learnt_on_train_and_scored_on_test():
    train = [Labelled(("a",), label) for label in ("good", "good", "bad")]
    test = [Labelled(("a",), label) for label in ("good", "bad", "bad", "bad")]
    assert examples.majority(train, test) == 1 / 4
    pairs = [Pair((), (), label) for label in ("next", "next", "other")]
    assert examples.majority(pairs, pairs) == 2 / 3


def test_of_two_answers_equally_common_the_first_is_given():
    train = [Labelled((), "bad"), Labelled((), "good")]
    assert examples.majority(train, [Labelled((), "bad")]) == 1


def test_the_majority_of_tags_counts_tokens():
    train = [Tagged(("Anna", "fed", "geese"), ("PROPN", "VERB", "VERB"))]
    test = [Tagged(("she", "fed"), ("PRON", "VERB")), Tagged(("hi",), ("INTJ",))]
    assert examples.majority(train, test) == 1 / 3


def test_the_majority_of_senses_is_of_each_word_and_of_analogies_of_each_relation():
    cue = lab.Ambiguity(0, "", "left", 1, False)
    made = [Sensed((s.split(".")[0],), 0, s, cue) for s in ("bank.river", "bat.farm")]
    assert examples.majority([made[0], *made], made) == 1
    known = [Analogy("r", "a", "b", "c", "d"), Analogy("s", "a", "b", "c", "e")]
    assert examples.majority(known, known) == 1
    assert examples.majority(known[:1], known) == 1 / 2


def test_the_majority_of_antecedents_is_a_place_among_the_candidates():
    last = [Referring((), 0, (who,), (who, "Tom")) for who in ("Anna", "Mary")]
    first = Referring((), 0, ("Tom",), ("Anna", "Tom"))
    assert examples.majority(last, [*last, first]) == 2 / 3


def test_the_majority_of_headlines_is_scored_by_common_words():
    train = [Titled((), ("Anna", "fed", "geese"))]
    # 2 * 2 / (3 + 3) = 2/3 and 2 * 1 / (3 + 5) = 1/4.
    test = [
        Titled((), tuple(t.split()))
        for t in ("Anna fed ducks", "Tom fed cows with hay")
    ]
    assert examples.majority(train, test) == pytest.approx((2 / 3 + 1 / 4) / 2)


def test_by_word_gives_each_word_its_commonest_label():
    train = [Tagged(("a", "b", "a"), ("X", "Y", "Z")), Tagged(("a", "c"), ("Z", "Z"))]
    assert examples.by_word(train, [Tagged(("b", "a", "d"), ("", "", ""))]) == [
        ("Y", "Z", "Z")
    ]


def test_entities_count_only_whole():
    gold = [("B-LOC", "I-LOC", "O", "B-PER"), ("O", "B-ORG")]
    said = [("B-LOC", "O", "O", "B-PER"), ("O", "O")]
    # One of two said and of three true ones: 2 * 1 / (2 + 3).
    assert examples.entity_f1(gold, said) == 2 / 5
    assert examples.entity_f1(gold, gold) == 1
    assert examples.entity_f1([("O",)], [("O",)]) == 0


def test_entities_end_where_another_begins():
    assert examples.spans(("B-PER", "B-PER", "I-PER")) == {(0, 1, "PER"), (1, 3, "PER")}
    assert examples.spans(("B-LOC", "I-ORG")) == {(0, 1, "LOC"), (1, 2, "ORG")}


def test_baselines_need_examples():
    one = [Labelled((), "good")]
    with pytest.raises(ValueError, match="no examples to learn from"):
        examples.majority([], one)
    with pytest.raises(ValueError, match="no examples to test on"):
        examples.majority(one, [])
    with pytest.raises(ValueError, match="2 labels for 1 tokens"):
        examples.entity_f1([("O",)], [("O", "O")])
