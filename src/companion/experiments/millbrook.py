"""The lab world itself: its statistics beside Brown's, and what its cues give away.

A seed draws a million tokens of Millbrook. Its labels are counted. Then two readers are
asked for the senses of ambiguous words: a linear classifier over a bag of words, which
knows no order, and the exact model. What stands left of a right-cued word must tell
neither of them anything; what stands left of a left-cued one must tell both.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from companion import field, lab
from companion.experiments.running import Experiment
from companion.lab import tasks
from companion.lab.exact import Reader
from companion.lab.examples import Tagged, by_word, entity_f1, majority
from companion.lab.splits import per_token
from companion.lab.town import FIRST_SENSE, MOODS, TOPICS, lexicon

DOCUMENTS = 13_000  # drawn; of these as many are kept as hold
TOKENS = 1_000_000  # tokens
FAR = 8  # tokens between a word and its cue, from which on the cue is far
SIDES = ("left", "right", "both", "earlier")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SCORED = 600  # documents of each part whose floor is estimated
POINTS = 60  # ranks of a Zipf plot, evenly spaced on a logarithmic axis
FITTED = (10, 1_000)  # the ranks between which a Zipf exponent is fitted
DEAL = ("train",) * 10 + ("valid", "test")  # whose turn it is, document by document
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # scikit-learn's C
READ = 300  # ambiguous tokens that the exact model is asked about


def settings() -> dict:
    """Return what was chosen."""
    return {
        "tokens": TOKENS,
        "far": FAR,
        "quantiles": QUANTILES,
        "zipf_ranks": FITTED,
        "strengths": STRENGTHS,
        "ambiguous_tokens_read": READ,
        "documents_scored": SCORED,
        "first_sense": FIRST_SENSE,
        "vocabulary_size": len(lab.vocabulary()),
        "word_classes": len({entry["word"] for entry in lexicon("ambiguous")["pos"]}),
    }


@lru_cache(1)
def drawn(seed: int) -> tuple[lab.Document, ...]:
    """Return the first documents of a seed that together hold a million tokens."""
    documents = lab.sample(DOCUMENTS, seed).documents
    ends = np.cumsum([len(document.tokens) for document in documents])
    return documents[: int(np.searchsorted(ends, TOKENS, side="right"))]


# Statistics


def brown_statistics() -> dict:
    """Return of Brown what `statistics` returns of any text."""
    return text_statistics(field.brown().documents, lambda tag: tag.startswith("np"))


def statistics(seed: int) -> dict:
    """Return what a million tokens of Millbrook are like, and what their labels say."""
    documents = drawn(seed)
    text = text_statistics(documents, lambda tag: tag == "PROPN")
    return {**text, **hidden_statistics(documents), **cue_statistics(documents)}


def text_statistics(
    documents: Sequence[lab.Document | field.Document],
    is_name: Callable[[str], bool],
) -> dict:
    """Return statistics that any tagged text has; words are counted in lower case.

    Args:
        documents: The text; "<end>" is not counted.
        is_name: Whether a part-of-speech tag is that of a name. A type is a name if
            most of its tokens are.
    """
    sentences = [sentence for document in documents for sentence in document.sentences]
    counts: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for sentence in sentences:
        for token, tag in zip(sentence.tokens, sentence.pos, strict=True):
            counts[token.lower()] += 1
            names[token.lower()] += is_name(tag)
    lengths = np.array([len(sentence.tokens) for sentence in sentences])
    return {
        "documents": len(documents),
        "sentences": len(sentences),
        "tokens": counts.total(),
        "types": len(counts),
        "names": float(np.mean([names[t] > n / 2 for t, n in counts.items()])),
        "once": float(np.mean([n == 1 for n in counts.values()])),
        "sentence_length": {
            "mean": float(lengths.mean()),
            "quantiles": np.quantile(lengths, QUANTILES).tolist(),
        },
        "sentences_seen": seen_share(documents),
        "zipf": zipf([n for _, n in counts.most_common()]),
    }


def zipf(counts: Sequence[int]) -> dict:
    """Return the frequencies of some ranks, and the exponent of Zipf's law.

    Ranks are spaced evenly on a logarithmic axis, up to the rarest word. The exponent
    is minus the slope of a least-squares line through log frequency over log rank, of
    those among them that lie between the ranks in `FITTED`; so each stretch of the axis
    has the same say.

    Args:
        counts: Of all types, largest first.
    """
    ranks = np.unique(np.geomspace(1, len(counts), POINTS).round().astype(int))
    shares = np.array(counts)[ranks - 1] / sum(counts)
    fitted = (ranks >= FITTED[0]) & (ranks <= FITTED[1])
    slope = np.polyfit(np.log(ranks[fitted]), np.log(shares[fitted]), 1)[0]
    return {
        "exponent": float(-slope),
        "ranks": ranks.tolist(),
        "per_million": (1e6 * shares).tolist(),
    }


def seen_share(documents: Sequence) -> float:
    """Return how many sentences of every second document stand in the others too."""
    seen = {sentence.tokens for d in documents[0::2] for sentence in d.sentences}
    return float(
        np.mean([s.tokens in seen for d in documents[1::2] for s in d.sentences])
    )


def hidden_statistics(documents: Iterable[lab.Document]) -> dict:
    """Return how many tokens each topic and each mood has."""
    topics: Counter[str] = Counter()
    moods: Counter[str] = Counter()
    for document in documents:
        topics[document.topic] += len(document.tokens)
        moods[document.sentiment] += len(document.tokens)
    return {"topics": dict(topics), "moods": dict(moods)}


def cue_statistics(documents: Sequence[lab.Document]) -> dict:
    """Return how often words are ambiguous, and where the cues to them stand."""
    tokens = sum(len(document.tokens) for document in documents)
    found = [one for d in documents for s in d.sentences for one in s.ambiguities]
    by_sense = Counter(one.sense for one in found)
    by_side = {side: [one for one in found if one.side == side] for side in SIDES}

    def shares(question: Callable[[lab.Ambiguity], bool]) -> dict[str, float]:
        groups = {"all": found, **by_side}
        return {
            name: float(np.mean([question(one) for one in some]))
            for name, some in groups.items()
            if some
        }

    return {
        "ambiguous_tokens": len(found),
        "ambiguous": len(found) / tokens,
        "ambiguous_words": len({sense.partition(".")[0] for sense in by_sense}),
        "senses": len(by_sense),
        "sense_per_million": {
            name: 1e6 * pick(by_sense.values()) / tokens
            for name, pick in (("fewest", min), ("most", max))
        },
        "sides": {side: len(some) / len(found) for side, some in by_side.items()},
        "far": shares(lambda one: one.distance >= FAR),
        "decoy": shares(lambda one: one.decoy),
    }


# Controls


@dataclass(frozen=True)
class Case:
    """An ambiguous token and the words around it, in no order.

    Attributes:
        word: The word.
        sense: Its sense.
        side: Where its cue stands.
        decoy: Whether the sentence has a decoy.
        left: Words to its left in the sentence, and of the sentences before; the latter
            are marked, so that the two are told apart.
        around: All other words of the sentence.
    """

    word: str
    sense: str
    side: str
    decoy: bool
    left: frozenset[str]
    around: frozenset[str]


def cases(documents: Iterable[lab.Document]) -> Iterator[Case]:
    """Yield the ambiguous tokens of documents."""
    for document in documents:
        before: set[str] = set()
        for sentence in document.sentences:
            words = sentence.tokens
            for one in sentence.ambiguities:
                left = words[: one.index]
                yield Case(
                    word=words[one.index],
                    sense=one.sense,
                    side=one.side,
                    decoy=one.decoy,
                    left=frozenset(left) | before,
                    around=frozenset((*left, *words[one.index + 1 :])),
                )
            before |= {f"before: {word}" for word in words}


def cue_controls(seed: int) -> dict:
    """Return how often a linear classifier over a bag of words finds the sense.

    `left` is trained and tested on what stands to the left, once for right-cued tokens
    and once for left-cued ones without decoy. `sentence` is trained on all tokens, with
    decoy and without, and on all other words of their sentences. Beside each accuracy
    stands that of the sense most frequent in the same training cases.
    """
    parts: dict[str, list[Case]] = defaultdict(list)
    for place, document in enumerate(drawn(seed)):
        parts[DEAL[place % len(DEAL)]].extend(cases([document]))

    def control(keep: Callable[[Case], bool], bag: Callable[[Case], frozenset]) -> dict:
        some = {part: [c for c in found if keep(c)] for part, found in parts.items()}
        return classified(some, bag)

    return {
        "left": {
            "right-cued": control(lambda c: c.side == "right", lambda c: c.left),
            "left-cued": control(
                lambda c: c.side == "left" and not c.decoy, lambda c: c.left
            ),
        },
        "sentence": control(lambda c: True, lambda c: c.around),
    }


def classified(
    parts: dict[str, list[Case]], bag: Callable[[Case], frozenset[str]]
) -> dict:
    """Return accuracies on the test part, pooled over words, one classifier a word.

    The strength of regularisation is the one that does best on the validation part; it
    is the same for all words.

    Args:
        parts: Cases of "train", "valid" and "test".
        bag: Returns what a classifier sees of a case.
    """
    by_word: dict[str, dict[str, list[Case]]] = defaultdict(lambda: defaultdict(list))
    for part, some in parts.items():
        for case in some:
            by_word[case.word][part].append(case)
    right = {strength: {"valid": 0, "test": []} for strength in STRENGTHS}
    tested: list[Case] = []
    most: list[bool] = []
    for word in sorted(by_word):
        some = by_word[word]
        said = predictions(some, bag)
        for strength, by_part in said.items():
            for case, sense in zip(some["valid"], by_part["valid"], strict=True):
                right[strength]["valid"] += sense == case.sense
            for case, sense in zip(some["test"], by_part["test"], strict=True):
                right[strength]["test"].append(sense == case.sense)
        tested += some["test"]
        senses = Counter(case.sense for case in some["train"])
        likeliest = senses.most_common(1)[0][0] if senses else ""
        most += [case.sense == likeliest for case in some["test"]]
    best = max(STRENGTHS, key=lambda strength: right[strength]["valid"])
    groups = defaultdict(list)
    for place, case in enumerate(tested):
        groups["all"].append(place)
        for group in (case.side, "with decoy" if case.decoy else "without decoy"):
            groups[group].append(place)
        groups[f"{case.side}, with{'' if case.decoy else 'out'} decoy"].append(place)
    found = np.array(right[best]["test"]), np.array(most)
    return {
        "strength": best,
        "groups": {
            name: {
                "tokens": len(places),
                "accuracy": float(found[0][places].mean()),
                "majority": float(found[1][places].mean()),
            }
            for name, places in sorted(groups.items())
        },
    }


def predictions(
    parts: dict[str, list[Case]], bag: Callable[[Case], frozenset[str]]
) -> dict[float, dict[str, Sequence[str]]]:
    """Return senses predicted of the cases of one word, by strength and part."""
    # Here, since it takes seconds and no other measurement of the book needs it.
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    senses = [case.sense for case in parts["train"]]
    asked = {part: parts[part] for part in ("valid", "test")}
    if len(set(senses)) < 2:
        only = senses[0] if senses else ""
        same = {part: [only] * len(some) for part, some in asked.items()}
        return dict.fromkeys(STRENGTHS, same)
    # In order of the alphabet: sets have another order in every run.
    columns = CountVectorizer(analyzer=lambda case: sorted(bag(case)), binary=True)
    train = columns.fit_transform(parts["train"])
    rows = {part: columns.transform(some) for part, some in asked.items() if some}
    said: dict[float, dict[str, Sequence[str]]] = {}
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, solver="liblinear", random_state=0)
        model.fit(train, senses)
        said[strength] = {
            part: model.predict(rows[part]).tolist() if part in rows else []
            for part in asked
        }
    return said


# The exact model


def exact_senses(seed: int) -> dict:
    """Return what the exact model says of senses, before and after the sentence's end.

    `left` is the probability of the true sense given all to the left of its word, and
    `sentence` given that and the rest of the sentence, both as means over tokens;
    `first` is how far P(first sense | left) of right-cued tokens is from what the
    generator gives it, at most. `floor` is what the model pays for all tokens read.
    """
    found: list[tuple[str, float, float]] = []
    off: list[float] = []
    costs, lengths = [], []
    for document in drawn(seed):
        if len(found) >= READ:
            break
        reader, cost = lab.read(), 0.0
        for sentence in document.sentences:
            at = {one.index: one for one in sentence.ambiguities}
            for place, token in enumerate(sentence.tokens):
                if one := at.get(place):
                    before, after = sense_probabilities(reader, sentence.tokens[place:])
                    group = f"{one.side}, with{'' if one.decoy else 'out'} decoy"
                    found.append((group, before[one.sense], after[one.sense]))
                    if one.side == "right":
                        first = next(iter(lab.ambiguous_words()[token]))
                        off.append(abs(before[f"{token}.{first}"] - FIRST_SENSE))
                cost -= reader.read(token)
        costs.append(cost - reader.read(document.tokens[-1]))
        lengths.append(len(document.tokens))
    mean, error = per_token(costs, lengths)
    return {
        "floor": {"nats": mean, "standard_error": error, "tokens": sum(lengths)},
        "first": max(off),
        "groups": {
            group: {
                "tokens": sum(g == group for g, *_ in found),
                "left": float(np.mean([b for g, b, _ in found if g == group])),
                "sentence": float(np.mean([a for g, _, a in found if g == group])),
            }
            for group in sorted({g for g, *_ in found})
        },
    }


def sense_probabilities(
    reader: Reader, tokens: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return P(sense) of an ambiguous word given its left, and given what follows too.

    Args:
        reader: All that stands to the left, read. It is left as it is.
        tokens: The word, and what follows up to the end of the sentence.
    """
    word, *rest = tokens
    before = reader.senses(word)
    joint = {}
    for sense, p in before.items():
        told = reader.told(word, sense)
        joint[sense] = p * math.exp(math.fsum(map(told.read, rest)))
    total = sum(joint.values())
    return before, {sense: p / total for sense, p in joint.items()}


def hidden_values(seed: int) -> dict:
    """Return how well a document tells its topic and its mood to the exact model.

    Nobody can be right more often than the model that says the likelier. `silent` is
    the share of documents that say nothing of the mood: there both are as likely.
    """
    documents = drawn(seed)[:SCORED]
    moods, topics, silent = [], [], []
    for document in documents:
        reader = lab.read()
        for token in document.tokens:
            reader.read(token)
        grid = reader.posterior.reshape(len(TOPICS), len(MOODS))
        mood = grid.sum(axis=0)[MOODS.index(document.sentiment)]
        silent.append(abs(mood - 0.5) < 1e-9)
        moods.append(0.5 if silent[-1] else float(mood > 0.5))
        topics.append(TOPICS[int(grid.sum(axis=1).argmax())] == document.topic)
    return {
        "documents": len(documents),
        "topic": float(np.mean(topics)),
        "mood": float(np.mean(moods)),
        "silent": float(np.mean(silent)),
    }


# Parts and tasks


@lru_cache(1)
def dealt(seed: int) -> lab.Splits:
    """Return the seed's documents, dealt to train, dev, test and compositional."""
    return lab.split(DOCUMENTS, seed)


def floors(seed: int) -> dict:
    """Return the floors of test and of the compositional part, and their sizes."""
    parts = dealt(seed)
    found = {"held_out": len(parts.held_out)}
    for name in ("test", "compositional"):
        corpus = getattr(parts, name)
        mean, error = lab.floor(corpus, SCORED)
        found[name] = {
            "documents": len(corpus.documents),
            "nats": mean,
            "standard_error": error,
        }
    return found


def baselines(seed: int) -> dict[str, dict[str, float]]:
    """Return each labelled task's size, of the test part, and what there is to beat.

    `majority` is what the commonest answer earns. For the two tasks that label tokens
    there is also `by_word`, each word's commonest label: accuracy, or F1 of entities.
    """
    train, test = dealt(seed).train, dealt(seed).test
    makers: dict[str, Callable[[lab.Corpus], Sequence]] = {
        "parts of speech": tasks.tagging,
        "entities": tasks.entities,
        "topic": tasks.topics,
        "mood": tasks.sentiments,
        "sense": tasks.senses,
        "antecedent": tasks.antecedents,
        "next sentence": lambda corpus: tasks.next_sentences(corpus, seed),
        "entailment": lambda corpus: tasks.entailment(corpus, seed),
        "headline": tasks.headlines,
        "analogy": tasks.analogies,
    }
    found: dict[str, dict[str, float]] = {}
    for name, make in makers.items():
        learnt, asked = make(train), make(test)
        found[name] = {"test": len(asked), "majority": majority(learnt, asked)}
        if isinstance(asked[0], Tagged):
            gold, said = [one.labels for one in asked], by_word(learnt, asked)
            if name == "entities":
                found[name]["by_word"] = entity_f1(gold, said)
            else:
                right = [
                    a == b
                    for g, s in zip(gold, said, strict=True)
                    for a, b in zip(g, s, strict=True)
                ]
                found[name]["by_word"] = float(np.mean(right))
    return found


MILLBROOK = Experiment(
    name="millbrook",
    world="lab",
    data=("brown/brown.zip", "lab/lexicon"),
    once=(settings, brown_statistics),
    by_seed=(statistics, cue_controls, exact_senses, hidden_values, floors, baselines),
    seeds=5,
)
