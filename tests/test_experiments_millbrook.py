"""The measurements of the lab world on documents small enough to count by hand."""

import math
from collections import Counter
from functools import cache

import numpy as np
import pytest

from companion import lab, records
from companion.experiments import millbrook
from companion.experiments.millbrook import Case
from companion.lab import Ambiguity, Document, Sentence


def sentence_of(text, *ambiguities):
    """A sentence; capital letters make names."""
    tokens = tuple(text.split())
    pos = tuple("PROPN" if token[0].isupper() else "NOUN" for token in tokens)
    none = (None,) * len(tokens)
    nobody = ((),) * len(tokens)
    return Sentence(tokens, pos, none, none, nobody, (), (), ambiguities)


def document_of(*sentences, topic="river", mood="good"):
    made = (sentence_of(s) if isinstance(s, str) else s for s in sentences)
    return Document(topic, mood, tuple(made))


@pytest.fixture
def few_words(monkeypatch):
    """A line through the few ranks that a tiny text has."""
    monkeypatch.setattr(millbrook, "FITTED", (1, 9))


def is_name(tag):
    return tag == "PROPN"


@cache
def documents():
    return lab.sample(12, 1).documents


def parts_of(make, sizes=(("train", 40), ("valid", 10), ("test", 10))):
    """Cases of the word "bank" that alternate between its two senses."""
    senses = ("bank.river", "bank.money")
    return {part: [make(senses[i % 2]) for i in range(n)] for part, n in sizes}


def case_of(sense, words, side="left", decoy=False):
    return Case("bank", sense, side, decoy, frozenset(words), frozenset(words))


# Statistics


@pytest.mark.usefixtures("few_words")
def test_the_statistics_of_a_text_are_those_counted_by_hand():
    # Anna 1 slept 2 . 3 he 1 woke 1; 8 tokens, 5 types, of which 1 is a name and 3
    # stand once. Lengths 3, 2, 3.
    found = millbrook.text_statistics(
        [document_of("Anna slept ."), document_of("woke .", "he slept .")], is_name
    )
    assert found["documents"] == 2
    assert found["sentences"] == 3
    assert found["tokens"] == 8
    assert found["types"] == 5
    assert found["names"] == pytest.approx(1 / 5)
    assert found["once"] == pytest.approx(3 / 5)
    assert found["sentence_length"]["mean"] == pytest.approx(8 / 3)
    assert found["sentence_length"]["quantiles"][2] == 3


@pytest.mark.usefixtures("few_words")
def test_a_word_in_capitals_and_small_letters_is_one_type_and_named_by_most():
    # "rose" twice, "Rose" once: a flower. "May" twice, "may" once: a name.
    found = millbrook.text_statistics(
        [document_of("rose rose Rose"), document_of("May May may")], is_name
    )
    assert found["types"] == 2
    assert found["names"] == 1 / 2


def test_a_sentence_counts_as_seen_if_the_other_half_has_it():
    # Documents 0 and 2 are read, 1 and 3 are asked: of their sentences a, c, a one is
    # new, and "b" of the first half is not asked.
    half = [document_of("a .", "b ."), document_of("a ."), document_of("b .")]
    assert millbrook.seen_share([*half, document_of("c .", "a .")]) == 2 / 3


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.4])
def test_the_exponent_of_a_power_law_is_found(exponent):
    counts = 1e9 * np.arange(1.0, 5_001) ** -exponent
    found = millbrook.zipf(counts)
    assert found["exponent"] == pytest.approx(exponent)
    assert found["ranks"][0] == 1
    assert found["ranks"][-1] == 5_000
    assert found["per_million"][0] == pytest.approx(1e6 / sum(counts / counts[0]))
    assert len(found["ranks"]) == len(found["per_million"]) <= millbrook.POINTS


def test_the_exponent_looks_only_at_the_ranks_it_says():
    counts = 1e9 * np.arange(1.0, 5_001) ** -1.0
    counts[:9], counts[1_000:] = counts[8], 1.0  # flat above, and a cliff below
    assert millbrook.zipf(counts)["exponent"] == pytest.approx(1.0)


def test_cues_are_counted_by_side():
    # 10 tokens with the two "<end>"; four are ambiguous, of two words and three senses.
    one = sentence_of(
        "bank bat bank .",
        Ambiguity(0, "bank.river", "right", 8, True),
        Ambiguity(1, "bat.farm", "left", 7, False),
        Ambiguity(2, "bank.money", "right", 2, False),
    )
    two = sentence_of("the bank .", Ambiguity(1, "bank.river", "both", 1, True))
    found = millbrook.cue_statistics([document_of(one), document_of(two, "x")])
    assert found["ambiguous_tokens"] == 4
    assert found["ambiguous"] == 4 / 10
    assert found["ambiguous_words"] == 2
    assert found["senses"] == 3
    assert found["sense_per_million"] == {"fewest": 1e5, "most": 2e5}
    assert found["sides"] == {"left": 0.25, "right": 0.5, "both": 0.25, "earlier": 0}
    assert found["far"] == {"all": 1 / 4, "left": 0, "right": 1 / 2, "both": 0}
    assert found["decoy"] == {"all": 1 / 2, "left": 0, "right": 1 / 2, "both": 1}


def test_each_topic_and_mood_has_its_tokens():
    made = [
        document_of("a .", topic="farm"),
        document_of("a b .", topic="farm", mood="bad"),
    ]
    found = millbrook.hidden_statistics(made)  # 2 + 1 and 3 + 1, "<end>" included
    assert found == {"topics": {"farm": 7}, "moods": {"good": 3, "bad": 4}}


# Controls


def test_a_case_sees_its_left_and_its_sentence_but_never_its_own_place():
    right = Ambiguity(2, "bank.river", "right", 2, False)
    one = sentence_of("at the bank they swam .", right)
    (case,) = millbrook.cases([document_of("Anna slept .", one, "they left .")])
    assert case.left == {"at", "the", "before: Anna", "before: slept", "before: ."}
    assert case.around == {"at", "the", "they", "swam", "."}
    assert (case.word, case.sense, case.side) == ("bank", "bank.river", "right")


def test_a_bag_of_words_finds_a_sense_that_one_word_tells():
    cue = {"bank.river": "boat", "bank.money": "cheque"}
    parts = parts_of(lambda sense: case_of(sense, {"the", cue[sense]}))
    found = millbrook.classified(parts, lambda case: case.around)
    assert found["groups"]["all"] == {"tokens": 10, "accuracy": 1.0, "majority": 0.5}


def test_a_bag_of_words_fails_where_cue_and_decoy_change_places():
    # Both words are always there; which is the cue, their order alone would say.
    parts = parts_of(lambda sense: case_of(sense, {"boat", "cheque"}, decoy=True))
    found = millbrook.classified(parts, lambda case: case.around)
    assert found["groups"]["left, with decoy"]["accuracy"] == 0.5


def test_accuracies_are_told_apart_by_side_and_decoy():
    cue = {"bank.river": "boat", "bank.money": "cheque"}
    parts = parts_of(lambda sense: case_of(sense, {cue[sense]}))
    wrong = {"bank.river": "cheque", "bank.money": "boat"}
    parts["test"] += [
        case_of(s, {wrong[s]}, side="right", decoy=True) for s in ("bank.river",) * 5
    ]
    groups = millbrook.classified(parts, lambda case: case.left)["groups"]
    assert groups["left, without decoy"]["accuracy"] == 1
    assert groups["right, with decoy"]["accuracy"] == 0
    assert groups["all"]["accuracy"] == 10 / 15
    assert groups["all"]["tokens"] == 15


def test_a_word_of_one_sense_in_training_is_given_that_sense():
    parts = parts_of(lambda sense: case_of("bank.river", {"x"}))
    parts["test"] = [case_of("bank.money", {"x"})] * 3
    found = millbrook.classified(parts, lambda case: case.left)
    assert found["groups"]["all"] == {"tokens": 3, "accuracy": 0, "majority": 0}


# The exact model


def read_to(document, line, place):
    reader = lab.read()
    for sentence in document.sentences[:line]:
        for token in sentence.tokens:
            reader.read(token)
    for token in document.sentences[line].tokens[:place]:
        reader.read(token)
    return reader


@cache
def ambiguous_places():
    return [
        (document, line, one)
        for document in documents()
        for line, sentence in enumerate(document.sentences)
        for one in sentence.ambiguities
    ]


def test_the_two_senses_together_are_as_likely_as_the_word_itself():
    for document, line, one in ambiguous_places()[:4]:
        tokens = document.sentences[line].tokens[one.index :]
        reader = read_to(document, line, one.index)
        before, after = millbrook.sense_probabilities(reader, tokens)
        assert math.fsum(before.values()) == pytest.approx(1)
        assert math.fsum(after.values()) == pytest.approx(1)
        # Summed over senses, what follows is as likely as the reader itself says.
        mixed = math.fsum(
            p * math.exp(math.fsum(map(told.read, tokens[1:])))
            for sense, p in before.items()
            for told in [reader.told(tokens[0], sense)]
        )
        reader.read(tokens[0])
        assert mixed == pytest.approx(math.exp(math.fsum(map(reader.read, tokens[1:]))))


def test_asking_for_senses_leaves_the_reader_where_it_was():
    document, line, one = ambiguous_places()[0]
    tokens = document.sentences[line].tokens[one.index :]
    asked, plain = (read_to(document, line, one.index) for _ in range(2))
    millbrook.sense_probabilities(asked, tokens)
    assert [asked.read(t) for t in tokens] == [plain.read(t) for t in tokens]


def test_the_left_tells_nothing_of_a_right_cued_word_and_its_sentence_all(monkeypatch):
    monkeypatch.setattr(millbrook, "drawn", lambda seed: documents())
    monkeypatch.setattr(millbrook, "READ", 20)
    found = millbrook.exact_senses(0)
    assert found["first"] < 1e-9
    assert all(group["sentence"] > 0.9 for group in found["groups"].values())
    sides = {group.partition(",")[0] for group in found["groups"]}
    assert {"left", "right"} <= sides
    for group, probability in found["groups"].items():
        if group.startswith(("left", "both")):
            assert probability["left"] > 0.9


def test_the_floor_is_what_the_documents_themselves_cost(monkeypatch):
    monkeypatch.setattr(millbrook, "drawn", lambda seed: documents()[:3])
    floor = millbrook.exact_senses(0)["floor"]
    tokens = sum(len(document.tokens) for document in documents()[:3])
    assert floor["tokens"] == tokens
    nats = -sum(lab.log_prob(document) for document in documents()[:3]) / tokens
    assert floor["nats"] == pytest.approx(nats)


# Parts and tasks


def test_a_mood_that_no_sentence_tells_is_half_right(monkeypatch):
    silent, telling = [], []
    for document in documents():
        reader = lab.read(document.topic)
        for token in document.tokens:
            reader.read(token)
        good = float(sum(reader.posterior[0::2]))
        (silent if abs(good - 0.5) < 1e-9 else telling).append((document, good))
    assert silent
    assert telling
    right = [(good > 0.5) == (d.sentiment == "good") for d, good in telling]
    monkeypatch.setattr(millbrook, "drawn", lambda seed: documents())
    found = millbrook.hidden_values(0)
    assert found["documents"] == len(documents())
    assert found["silent"] == len(silent) / len(documents())
    assert found["mood"] == pytest.approx(
        (sum(right) + len(silent) / 2) / len(documents())
    )
    assert found["topic"] > 0.9


@pytest.fixture
def few_documents(monkeypatch):
    monkeypatch.setattr(millbrook, "DOCUMENTS", 600)
    monkeypatch.setattr(millbrook, "SCORED", 5)
    millbrook.dealt.cache_clear()
    yield lab.split(600, 1)
    millbrook.dealt.cache_clear()


def test_floors_are_those_of_the_two_parts(few_documents):
    found = millbrook.floors(1)
    assert found["held_out"] == len(few_documents.held_out)
    for part in ("test", "compositional"):
        corpus = getattr(few_documents, part)
        assert found[part]["documents"] == len(corpus.documents)
        mean, error = lab.floor(corpus, 5)
        assert (found[part]["nats"], found[part]["standard_error"]) == (mean, error)


def test_each_task_has_what_there_is_to_beat(few_documents):
    found = millbrook.baselines(1)
    assert len(found) == 10
    assert found["next sentence"]["majority"] == 0.5
    assert found["topic"]["test"] == len(few_documents.test.documents)
    seen = {}
    for document in few_documents.train.documents:
        for s in document.sentences:
            for word, tag in zip(s.tokens, s.pos, strict=True):
                seen.setdefault(word, Counter())[tag] += 1
    tags = Counter(tag for by in seen.values() for tag in by.elements())
    ((rest, _),) = tags.most_common(1)
    right = [
        (seen[word].most_common(1)[0][0] if word in seen else rest) == tag
        for document in few_documents.test.documents
        for s in document.sentences
        for word, tag in zip(s.tokens, s.pos, strict=True)
    ]
    assert found["parts of speech"]["by_word"] == pytest.approx(np.mean(right))
    assert set(found["entities"]) == {"test", "majority", "by_word"}
    assert set(found["mood"]) == {"test", "majority"}


# The experiment


def test_documents_are_drawn_up_to_the_tokens_that_were_asked_for(monkeypatch):
    monkeypatch.setattr(millbrook, "DOCUMENTS", 12)
    monkeypatch.setattr(millbrook, "TOKENS", 500)
    millbrook.drawn.cache_clear()
    drawn = millbrook.drawn(1)
    millbrook.drawn.cache_clear()
    assert drawn == documents()[: len(drawn)]
    lengths = [len(document.tokens) for document in documents()]
    assert sum(lengths[: len(drawn)]) <= 500 < sum(lengths[: len(drawn) + 1])


def test_what_is_measured_can_be_kept_in_a_record(monkeypatch):
    monkeypatch.setattr(millbrook, "drawn", lambda seed: documents())
    for measure in (millbrook.statistics, millbrook.cue_controls):
        records.plain(measure(0), measure.__name__)
    records.plain(millbrook.settings(), "settings")
