"""Documents of Millbrook: the same for a seed, truly labelled, exactly scored."""

import hashlib
import math
import re
from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy.stats import chisquare

from companion import lab
from companion.lab import corpus, town
from companion.lab.corpus import Ambiguity
from companion.lab.grammar import Token

# SHA-256 of the tokens of sample(300, 0), one a line. It may change when the lexicon, a
# frame or the order of the draws is changed on purpose; then every record made from
# Millbrook is out of date. It may not change with numpy, Python or the machine.
DIGEST = "35b35ed156d3b966f2dec9784231f01464c2cb58317e1050178392341f24bc85"
TAGS = {
    *(
        "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ VERB"
    ).split()
}
PRONOUNS = {
    "she": {"she", "her"},
    "he": {"he", "his", "him"},
    "they": {"they", "their", "them"},
}
BIO = {"O", "B-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"}
SIDES = ("left", "right", "both", "earlier")


@pytest.fixture(scope="module")
def big():
    """About 300,000 tokens."""
    return lab.sample(3700, 0)


@pytest.fixture(scope="module")
def sentences(big):
    return [sentence for document in big.documents for sentence in document.sentences]


# Drawing


def test_the_same_seed_gives_the_same_corpus_and_another_seed_another():
    assert lab.sample(20, 5) == lab.sample(20, 5)
    assert lab.sample(20, 5).documents[0] != lab.sample(20, 6).documents[0]


def test_more_documents_begin_with_the_same_ones():
    assert lab.sample(9, 5).documents[:4] == lab.sample(4, 5).documents


def test_numbers_are_drawn_from_the_raw_stream():
    # PCG64(0).random_raw() >> 11, over 2 ** 53: the same as numpy's own doubles.
    draws = corpus.draws(0)
    first = [next(draws) for _ in range(5000)]
    assert first == np.random.Generator(np.random.PCG64(0)).random(5000).tolist()


@pytest.mark.parametrize(
    ("documents", "seed", "message"),
    [
        (0, 0, "documents is a whole number, 1 or more, not 0"),
        (2.0, 0, "documents is a whole number, 1 or more, not 2.0"),
        (True, 0, "documents is a whole number, 1 or more, not True"),
        (1, -1, "seed is a whole number, 0 or more, not -1"),
        (1, "a", "seed is a whole number, 0 or more, not 'a'"),
        (1, None, "seed is a whole number, 0 or more, not None"),
    ],
)
def test_no_corpus_is_drawn_for_these(documents, seed, message):
    with pytest.raises(ValueError, match=message):
        lab.sample(documents, seed)


def test_documents_have_four_to_eight_sentences_each_as_often(big):
    lengths = Counter(len(document.sentences) for document in big.documents)
    assert sorted(lengths) == [4, 5, 6, 7, 8]
    assert chisquare([*lengths.values()]).pvalue > 0.001


def test_topics_and_moods_come_equally_often(big):
    found = Counter((document.topic, document.sentiment) for document in big.documents)
    assert set(found) == set(town.HIDDEN)
    assert chisquare([*found.values()]).pvalue > 0.001


def test_first_words_come_as_often_as_the_exact_model_says(big):
    one = lab.read()
    for place in range(3):
        expected = one.distribution()
        start = big.documents[0].tokens[:place]
        texts = [d.tokens[place] for d in big.documents if d.tokens[:place] == start]
        found = Counter(texts)
        words = sorted(expected)
        assert set(found) <= set(words)
        counts = [len(texts) * expected[word] for word in words]
        assert chisquare([found[word] for word in words], counts).pvalue > 0.001
        one.read(big.documents[0].tokens[place])


def test_tokens_are_those_of_the_sentences_and_an_end(big):
    document = big.documents[0]
    words = [t for sentence in document.sentences for t in sentence.tokens]
    assert document.tokens == [*words, "<end>"]
    assert lab.Corpus(big.documents[:2]).tokens == [*words, "<end>"] + (
        big.documents[1].tokens
    )


def test_the_vocabulary_holds_every_word_once(big):
    words = lab.vocabulary().words
    assert len(words) == len(set(words))
    assert set(big.tokens) <= set(words)


# Labels


def test_all_labels_are_aligned(sentences):
    for s in sentences:
        lengths = {len(s.pos), len(s.senses), len(s.entities), len(s.antecedents)}
        assert lengths == {len(s.tokens)}
        assert set(s.pos) <= TAGS
        labelled = [(i, sense) for i, sense in enumerate(s.senses) if sense]
        assert [(a.index, a.sense) for a in s.ambiguities] == labelled
        for index, sense in labelled:
            assert sense.split(".")[0] == s.tokens[index]
        assert s.tokens[-1] == "."
        assert s.tokens.count(".") == 1


def test_entities_are_well_formed_and_are_what_has_a_capital(sentences):
    for s in sentences:
        for before, label, text in zip(
            ("O", *s.entities), s.entities, s.tokens, strict=False
        ):
            assert label in BIO
            assert not label.startswith("I") or before[2:] == label[2:]
            capital = text[0].isupper() and text not in corpus.DAYS
            assert (label != "O") == capital, s.text


def entities(text, *names):
    tokens = [Token(t, part="name" if t in names else "") for t in text.split()]
    return dict(zip(text.split(), corpus._entities(tokens), strict=True))


def test_entities_by_hand():
    found = entities(
        "on Monday Anna and Tom left Mill Lane for Ashford .", "Anna", "Tom"
    )
    assert found == {
        **dict.fromkeys(("on", "Monday", "and", "left", "for", "."), "O"),
        **{"Anna": "B-PER", "Tom": "B-PER"},
        **{"Mill": "B-LOC", "Lane": "I-LOC", "Ashford": "B-LOC"},
    }
    found = entities("Chester wrote to the Ashford Herald", "Chester")
    assert (found["Chester"], found["Ashford"], found["Herald"]) == (
        "B-PER",
        "B-ORG",
        "I-ORG",
    )
    assert entities("in Chester")["Chester"] == "B-LOC"
    # Two people side by side are two.
    assert entities("to Anna Tom wrote", "Anna", "Tom")["Tom"] == "B-PER"


def test_a_name_is_a_person_save_in_a_town(sentences):
    names, towns = set(town.pronouns()), set()
    for s in sentences:
        for i, text in enumerate(s.tokens):
            if text in names:
                in_town = i > 0 and s.tokens[i - 1] == "in"
                assert s.entities[i] == ("B-LOC" if in_town else "B-PER"), s.text
                towns |= {text} if in_town else set()
    assert towns == {"Chester", "Florence"}


def test_antecedents_were_named_and_agree(big):
    names = town.pronouns()
    for document in big.documents:
        seen = set()
        for s in document.sentences:
            for text, label, whom in zip(
                s.tokens, s.entities, s.antecedents, strict=True
            ):
                if whom:
                    assert set(whom) <= seen, s.text
                    word = "they" if len(whom) == 2 else names[whom[0]]
                    assert text in PRONOUNS[word], s.text
                elif text in ("she", "he"):
                    pytest.fail(f"whom {text!r} means is not said: {s.text}")
                if label == "B-PER":
                    seen.add(text)


def test_whoever_did_something_was_named_and_what_they_did_stands_there(big):
    for document in big.documents:
        seen = set()
        for s in document.sentences:
            seen |= {
                t for t, e in zip(s.tokens, s.entities, strict=True) if e == "B-PER"
            }
            assert bool(s.event) == bool(s.actors)
            assert set(s.actors) <= seen
            if s.event:
                event = " ".join(text for text, _ in s.event)
                assert f" {event} " in " ".join(s.tokens)
                assert len(s.event) >= 2, s.text


def sentence(text, since=0):
    """A sentence from words, marked as in "packed:did his:pronoun bag:did"."""
    tokens = []
    for piece in text.split():
        word, _, part = piece.partition(":")
        optional = part.endswith("?")
        part = part.rstrip("?")
        sense = f"{word}.x" if part == "word" else None
        tokens.append(Token(word, "NOUN", sense, "" if sense else part, optional))
    state, subjects = town.State(), []
    for token in tokens:
        state = town.advance(state, token.text)
        subjects.append(state.subject)
    return corpus._sentence(tokens, subjects, since)


def test_an_event_by_hand():
    one = sentence("on Monday Tom:name packed:did old:did? tins:did . ")
    assert one.event == (("packed", False), ("old", True), ("tins", False))
    assert one.actors == ("Tom",)


def test_a_pronoun_is_part_of_an_event_and_a_gap_ends_it():
    one = sentence("Tom:name packed:did his:pronoun bag:did and slept:did .")
    assert [text for text, _ in one.event] == ["packed", "his", "bag"]
    assert one.antecedents[2] == ("Tom",)


def test_a_sentence_without_an_event_has_no_actors():
    one = sentence("Tom:name slept .")
    assert (one.event, one.actors) == ((), ())


# Ambiguous words


@pytest.mark.parametrize(
    ("text", "side", "distance", "decoy"),
    [
        # Three tokens from "boat" to "bank".
        ("she moored:cue the:cue boat:cue at the bank:word .", "left", 3, False),
        (
            "she noticed the bank:word near which:cue they rowed:cue .",
            "right",
            2,
            False,
        ),
        ("moored:cue at the bank:word where:cue ducks:cue .", "both", 1, False),
        ("moored:cue the bank:word near the ducks:cue .", "both", 2, False),
        # Two tokens before the word, and seven from there back to the place.
        ("there she bank:word again .", "earlier", 9, False),
        ("paid:decoy , she moored:cue a bank:word .", "left", 2, True),
        ("she noticed bank:word which:cue sank and paid:decoy .", "right", 1, True),
    ],
)
def test_where_the_cue_stands_by_hand(text, side, distance, decoy):
    one = sentence(text, since=7)
    (found,) = one.ambiguities
    index = [piece.endswith(":word") for piece in text.split()].index(True)
    assert found == Ambiguity(index, "bank.x", side, distance, decoy)


def test_a_word_s_part_of_speech_is_told_by_its_neighbour(sentences):
    classes = {entry["word"] for entry in town.lexicon("ambiguous")["pos"]}
    tags = defaultdict(set)
    for s in sentences:
        for a in s.ambiguities:
            if s.tokens[a.index] in classes:
                assert (a.side, a.distance, a.decoy) == ("left", 1, False)
                tags[s.tokens[a.index]].add((s.pos[a.index], a.sense))
            else:
                assert s.pos[a.index] == "NOUN"
    expected = defaultdict(set)
    for entry in town.lexicon("ambiguous")["pos"]:
        sense = f"{entry['word']}.{entry['topic']}"
        expected[entry["word"]].add((entry["tag"], sense))
    assert tags == expected


def test_an_earlier_cue_is_the_place_where_people_were_in_the_sentence_before(big):
    seen = 0
    for document in big.documents:
        length, here = 0, None
        for s in document.sentences:
            for a in s.ambiguities:
                if a.side == "earlier":
                    at, topic = here
                    assert a.sense.endswith(f".{topic}"), document.text
                    assert a.distance == length + a.index - at, document.text
                    seen += 1
            here = None
            for i in range(2, len(s.tokens)):
                place = s.tokens[i]
                if s.tokens[i - 2 : i] in town.WHERE and place in town.places():
                    here = length + i, town.places()[place]
            length += len(s.tokens)
    assert seen > 200


def after_word(reader, word, rest):
    """P(sense | all up to the word and the rest), exactly."""
    joint = {}
    for sense, p in reader.senses(word).items():
        told = reader.told(word, sense)
        joint[sense] = p * math.exp(math.fsum(told.read(text) for text in rest))
    return {sense: p / sum(joint.values()) for sense, p in joint.items()}


def test_the_sense_can_be_told_from_where_the_cue_stands_and_from_nowhere_else(big):
    seen = Counter()
    for number, document in enumerate(big.documents[:70]):
        readers = [lab.read()]
        if number < 15:
            readers.append(lab.read(document.topic, document.sentiment))
        one = readers[0]
        for s in document.sentences:
            truth = {a.index: a for a in s.ambiguities}
            for i, text in enumerate(s.tokens):
                if i in truth:
                    a = truth[i]
                    seen[a.side] += 1
                    seen[a.side, "at a place"] += bool(one.state.scene)
                    if a.side == "right":
                        first = next(iter(town.ambiguous_words()[text]))
                        for reader in readers:
                            p = reader.senses(text)[f"{text}.{first}"]
                            assert p == pytest.approx(town.FIRST_SENSE, abs=1e-9)
                    if a.side in ("left", "earlier"):
                        assert one.senses(text)[a.sense] > 0.99, s.text
                    rest = s.tokens[i + 1 :]
                    assert after_word(one, text, rest)[a.sense] > 0.99, s.text
                for reader in readers:
                    reader.read(text)
    assert min(seen[side] for side in SIDES) >= 3
    assert seen["right", "at a place"]


def test_a_judging_sentence_mostly_agrees_with_the_mood(big):
    # Which judgements are good is read from the lexicon, by their telling words.
    telling = {mood: Counter() for mood in town.MOODS}
    for topic in town.TOPICS:
        for mood in town.MOODS:
            for text in town.lexicon(topic)[mood]:
                telling[mood].update(re.findall("[a-z]+", text))
    only = {
        mood: set(telling[mood]) - set(telling[other])
        for mood, other in (town.MOODS, town.MOODS[::-1])
    }
    told = r"(said|thought|agreed|had heard|(told|from|to) [A-Z]\w+) that"
    agrees = Counter()
    for document in big.documents:
        for s in document.sentences:
            if re.search(told, s.text):
                words = set(s.tokens)
                moods = [mood for mood in town.MOODS if words & only[mood]]
                if len(moods) == 1:
                    agrees[moods[0] == document.sentiment] += 1
    assert agrees[True] / agrees.total() > 0.65


def test_a_word_with_a_sense_of_the_topic_mostly_has_it(big):
    on_topic = Counter()
    for document in big.documents:
        for a in (a for s in document.sentences for a in s.ambiguities):
            word, _, topic = a.sense.partition(".")
            senses = town.ambiguous_words().get(word, {})
            if a.side in ("left", "both") and document.topic in senses:
                on_topic[topic == document.topic] += 1
    assert on_topic[True] / on_topic.total() == pytest.approx(town.ON_TOPIC, abs=0.02)


# Exact scores


def test_the_probability_of_a_document_is_the_product_of_its_tokens(big):
    for document in big.documents[:5]:
        costs = lab.token_log_probs(document)
        assert len(costs) == len(document.tokens)
        assert max(costs) <= 1e-12
        assert min(costs) > -math.inf
        assert lab.log_prob(document) == pytest.approx(sum(costs))


def test_who_is_told_topic_and_mood_is_better_off_on_average(big):
    gains, moods = [], []
    for number, document in enumerate(big.documents[:50]):
        one = lab.read()
        floor = math.fsum(one.read(token) for token in document.tokens)
        # By Bayes' rule P(document | z) / P(document) = P(z | document) / P(z).
        z = town.HIDDEN.index((document.topic, document.sentiment))
        gains.append(math.log(16 * one.posterior[z]))
        mood = [m == document.sentiment for _, m in town.HIDDEN]
        moods.append(one.posterior[mood].sum())
        if number < 5:
            told = lab.read(document.topic, document.sentiment)
            cost = math.fsum(told.read(token) for token in document.tokens)
            assert cost - floor == pytest.approx(gains[-1], abs=1e-9)
    assert np.mean(gains) > 0
    assert np.mean(moods) > 0.52  # some document judges, and mostly as its mood says
    assert min(moods) < 0.5
    # One of sixteen values was unknown: to be told is worth ln 16 nats at most.
    assert max(gains) <= math.log(16) + 1e-9


def test_only_what_is_told_is_known():
    assert lab.read().posterior.tolist() == [1 / 16] * 16
    for (topic, _), p in zip(town.HIDDEN, lab.read("river").posterior, strict=True):
        assert p == (topic == "river") / 2
    for (_, mood), p in zip(town.HIDDEN, lab.read(mood="bad").posterior, strict=True):
        assert p == (mood == "bad") / 8


@pytest.mark.parametrize("told", [("sea", None), (None, "sad"), ("river", "sad")])
def test_what_cannot_be_true_is_not_told(told):
    with pytest.raises(ValueError, match="no topic"):
        lab.read(*told)


# Text


def test_headlines_say_who_and_leave_out_determiners(big):
    names = set(town.pronouns())
    for document in big.documents:
        words = document.headline.split()
        assert len(words) >= 3
        assert not corpus.DETERMINERS & {word.lower() for word in words}
        if any(s.event for s in document.sentences):
            assert words[0] in names
        assert words[-1][-1] not in ".,"


def test_a_headline_by_hand():
    slept = sentence("the man knew Tom:name , the baker .")
    packed = sentence("Tom:name and Anna:name packed:did the:did old:did? tins:did .")
    one = lab.Document("kitchen", "good", (slept, packed))
    assert one.headline == "Tom and Anna packed tins"
    assert lab.Document("kitchen", "good", (slept,)).headline == "man knew Tom, baker"
    assert one.text == "The man knew Tom, the baker. Tom and Anna packed the old tins."


def test_texts_are_well_printed(sentences):
    odd = re.compile(r"  | [,.:]|,,|,\.|\.\.|\b(\w+) \1\b", re.IGNORECASE)
    for s in sentences:
        assert not odd.search(s.text), s.text
        assert s.text[0].isupper()
        assert s.text[-1] == "."


def test_a_and_an_agree_with_the_next_word(sentences):
    text = " ".join(s.text for s in sentences)
    a = set(re.findall(r"\b[Aa] ([aeiou]\w*)", text))
    an = set(re.findall(r"\b[Aa]n ([^aeiou\W]\w*)", text))
    assert {w for w in a if not w.startswith(("one", "uni", "use", "eu"))} == set()
    assert {w for w in an if not w.startswith(("hour", "honest", "heir"))} == set()


# What Millbrook must show


def test_millbrook_shows_what_it_must(big, sentences):
    size = len(big.tokens)
    assert 270_000 < size < 350_000
    types = set(big.tokens)
    assert len(types) >= 1500
    assert len(types & set(town.pronouns())) <= len(types) / 10

    found = [a for s in sentences for a in s.ambiguities]
    number = len(found)
    assert len({a.sense.split(".")[0] for a in found}) >= 24
    sides = Counter(a.side for a in found)
    assert set(sides) == set(SIDES)
    far = Counter(a.side for a in found if a.distance >= 8)
    decoys = sum(a.decoy for a in found)
    for side in ("left", "right", "both"):
        assert sides[side] >= 0.15 * number, sides
    assert far.total() >= 0.10 * number
    assert sum(count >= 0.02 * number for count in far.values()) >= 3, far
    # A third, within two standard errors of this sample.
    assert decoys / number >= 1 / 3 - 2 * math.sqrt(2 / 9 / number)

    # Repeats grow with the size: where 1.2 % were seen here, 3.1 % were in a million.
    half = len(big.documents) // 2
    parts = big.documents[:half], big.documents[half:]
    seen, new = ([s.tokens for d in part for s in d.sentences] for part in parts)
    known = set(seen)
    assert sum(tokens in known for tokens in new) < 0.018 * len(new)


def test_every_sense_comes_200_times_in_a_million_tokens(big):
    # Counts of a sense vary by chance, so its expected number is added up: at each
    # ambiguous word that was drawn, the probability that it had been this sense.
    drawn = Counter()
    for document in big.documents:
        for a in (a for s in document.sentences for a in s.ambiguities):
            drawn[document.topic, document.sentiment, a.side, a.sense] += 1
    expected = Counter()
    senses = [f"{word}.{topic}" for word, topic in town.senses()]
    shares = {}
    for side in ("left", "right", "both"):
        made = town.millbrook().dynamic[f"word.{side}"](town.State()).probabilities
        shares[side] = made.reshape(len(town.HIDDEN), len(senses), -1).sum(axis=-1)
    frames = {
        f"{entry['word']}.{entry['topic']}": len(entry["frames"])
        for entry in town.lexicon("ambiguous")["pos"]
    }
    classes = {sense: n / sum(frames.values()) for sense, n in frames.items()}
    for (topic, mood, side, sense), number in drawn.items():
        if side == "earlier":
            there = [s for s in senses if s.endswith(f".{sense.split('.')[1]}")]
            chances = dict.fromkeys(there, 1 / len(there))
        elif sense in senses:
            z = town.HIDDEN.index((topic, mood))
            chances = dict(zip(senses, shares[side][z].tolist(), strict=True))
        else:
            chances = classes
        for each, p in chances.items():
            expected[each] += number * p
    rare = {s: n * 1e6 / len(big.tokens) for s, n in expected.items()}
    assert {s: round(n) for s, n in rare.items() if n < 200} == {}


def test_the_corpus_of_a_seed_never_changes():
    words = "\n".join(lab.sample(300, 0).tokens)
    assert hashlib.sha256(words.encode()).hexdigest() == DIGEST
