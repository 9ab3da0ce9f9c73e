"""The measurements of chapter 3 on texts small enough to check by hand."""

import math
from collections import Counter, defaultdict
from copy import deepcopy
from functools import cache, partial

import numpy as np
import pytest
import torch

from companion import field, lab, nnlm, probe, records
from companion.experiments import ngram_lab, nnlm_lab, run
from companion.experiments import nnlm as experiments
from companion.lab.tasks import categories
from companion.ngram import JelinekMercer, KneserNey, ModifiedKneserNey, NgramModel
from companion.text import Vocabulary

NET = {"order": 4, "width": 6, "hidden": 7, "dropout": 0.1}
COUNTED = [
    "Kneser-Ney, n = 5",
    "modified Kneser-Ney, n = 3",
    "modified Kneser-Ney, n = 5",
    "Jelinek-Mercer, n = 3",
]
PARTNERS = [COUNTED[0], COUNTED[2], COUNTED[3]]


def split_of(train, valid, test, words):
    """A split over w0, w1, ... or over the words given."""
    if isinstance(words, int):
        words = (f"w{i}" for i in range(words))
    parts = (np.array(ids, dtype=np.int64) for ids in (train, valid, test))
    return field.BengioSplit(Vocabulary(tuple(words)), *parts)


def corpus_of(*documents):
    """A Brown whose documents are lists of sentences such as "the/at bank/nn"."""
    made = []
    for i, sentences in enumerate(documents):
        pairs = [[w.rpartition("/") for w in text.split()] for text in sentences]
        told = (
            field.Sentence(tuple(w for w, _, _ in some), tuple(t for _, _, t in some))
            for some in pairs
        )
        made.append(field.Document(f"ca{i:02}", "news", tuple(told)))
    return field.Brown(tuple(made))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Let one thread do what is so little that two would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make_tiny(patch, module=experiments):
    """Make nets so small that they are trained in no time."""
    patch.setattr(module, "NET", NET)
    patch.setattr(module, "BATCH", 32)
    patch.setattr(module, "LEARNING_RATE", 0.01)
    patch.setattr(module, "EPSILON", 1e-6)


def net_of(**config):
    with torch.random.fork_rng():
        return nnlm.NNLM(nnlm.Config(**config))


def same(one, other):
    """Whether two nets are the same to the bit."""
    one, other = one.state_dict(), other.state_dict()
    return list(one) == list(other) and all(torch.equal(one[k], other[k]) for k in one)


# Words 0 1 2 0 1 2 ... in training and test; the other way round in validation.
FORTH = split_of([0, 1, 2] * 33 + [0], [2, 1, 0] * 7, [0, 1, 2] * 10, 5)


def noisy_loop(seed, length, noise):
    """Twenty words that follow each other in a circle, but for a share of noise."""
    rng = np.random.default_rng(seed)
    noisy = rng.random(length) < noise
    return np.where(noisy, rng.integers(0, 20, length), np.arange(length) % 20)


# Test has more noise, so what fits validation best does not fit test best.
LOOP = split_of(
    *(noisy_loop(i, *of) for i, of in enumerate([(600, 0.2), (200, 0.2), (150, 0.8)])),
    20,
)


# How much of a word's past was seen


def test_known_words_by_hand():
    # Training 0 1 2 3 4; validation ends with 0 1 2 3, so test's 4 ends five known
    # words. 4 2 is new, so 2 stands alone; then 2 3 and 2 3 4. 5 is new; 5 1 too.
    split = split_of([0, 1, 2, 3, 4], [6, 0, 1, 2, 3], [4, 2, 3, 4, 5, 1], 7)
    assert experiments.known(split).tolist() == [5, 1, 2, 3, 0, 1]


@pytest.mark.parametrize("seed", range(6))
def test_known_words_are_the_longest_end_that_stands_in_training(seed):
    rng = np.random.default_rng(seed)
    train, valid, test = (rng.integers(0, 3, n) for n in (80, 4 + seed, 30))
    test[[7, 20]] = 3  # never in training
    train_text = ",".join(map(str, ["", *train, ""]))

    def seen(stretch):
        return "," + ",".join(map(str, stretch)) + "," in train_text

    text, expected = [*valid[-4:], *test], []
    for end in range(5, len(text) + 1):
        fitting = [n for n in range(1, 6) if seen(text[end - n : end])]
        expected.append(max(fitting, default=0))
    found = experiments.known(split_of(train, valid, test, 4))
    assert found.tolist() == expected
    assert {0, 5} <= set(expected)


# Sums and means


def test_losses_are_summed_by_document():
    found = experiments.by_document(
        np.array([1, 2.5, 3, 4.0004]), np.array([0, 2, 0, 1])
    )
    assert found.tolist() == [4, 4, 2.5]  # in thousandths of a nat


def test_losses_have_a_mean_for_each_group_but_that_of_nothing_known():
    # Group 0: 10. Group 1: 1 and 2. Group 2: 4. Group 3: 3, 3 and 4.
    losses, groups = np.array([1, 2, 3, 3, 4, 4, 10]), np.array([1, 1, 3, 3, 3, 2, 0])
    assert experiments.means(losses, groups).tolist() == [1.5, 4, 3.3333]


# Tags of words


@pytest.fixture
def tagged(monkeypatch):
    """A function that gives the tags of words seen in training, 2 times or more."""
    monkeypatch.setattr(experiments, "COMMON", 2)

    def tags_of(train, rest="x/x x/x", minimum_count=1):
        corpus = corpus_of(train, [rest])
        length = sum(len(text.split()) for text in train)
        split = field.bengio_split(corpus.words, length, 1, minimum_count)
        tags = experiments.tags(corpus, split)
        return dict(zip(split.vocabulary.words, tags, strict=True))

    return tags_of


def test_a_word_has_the_tag_that_it_has_most_often(tagged):
    found = tagged(["rose/nn rose/vbd bank/nn", "rose/vbd bank/nn bank/vb"])
    assert found == {"rose": "vbd", "bank": "nn", "x": None}


def test_tags_are_those_of_the_training_part(tagged):
    found = tagged(["rose/nn rose/nn fell/vbd"], "rose/vbd rose/vbd rose/vbd fell/vbd")
    assert found == {"rose": "nn", "fell": None}


def test_what_is_added_to_a_tag_is_cut_off(tagged):
    # Bank: nn three times in three ways, vb twice.
    found = tagged(
        [
            "Bank/vb Bank/vb Bank/nn Bank/nn-tl Bank/nn-hl",
            "Bob's/np$ Bob's/np$-tl won't/md* won't/md* I'll/ppss+md I'll/ppss+md",
        ]
    )
    assert found == {"Bank": "nn", "Bob's": "np", "won't": "md", "I'll": "ppss"} | {
        "x": None
    }


def test_a_tag_of_signs_alone_is_none(tagged):
    found = tagged(["--/-- --/-- not/* not/*-hl go/vb go/vb"])
    assert found == {"--": None, "not": None, "go": "vb", "x": None}


def test_a_word_that_is_rare_in_training_is_asked_for_no_tag(tagged):
    found = tagged(["once/rb twice/rb twice/rb"], "once/rb once/rb once/rb")
    assert found == {"once": None, "twice": "rb"}


def test_the_symbol_for_rare_words_has_no_tag(tagged):
    found = tagged(["a/at b/nn c/nn a/at"], "a/at a/at", minimum_count=2)
    assert found == {"<rare>": None, "a": "at"}


# A net before and after training, in the field and in the lab


class Maker:
    """Makes tiny nets as one of the two experiments does."""

    def __init__(self, module, patch):
        make_tiny(patch, module)
        self.module, self.patch = module, patch

    def untrained(self, split, seed, **changes):
        return self.module.untrained(split, seed, **changes)

    def trained(self, split, seed, epochs, **changes):
        if self.module is experiments:
            return experiments.trained(split, seed, epochs, **changes)
        self.patch.setattr(nnlm_lab, "EPOCHS", epochs)
        return nnlm_lab.trained(split, seed, **changes)


@pytest.fixture(params=[experiments, nnlm_lab], ids=["field", "lab"])
def nets(request, monkeypatch):
    return Maker(request.param, monkeypatch)


def test_an_untrained_net_is_its_seeds_own(nets):
    net = nets.untrained(FORTH, 3)
    assert same(net, nets.untrained(FORTH, 3))
    assert not same(net, nets.untrained(FORTH, 4))


def test_a_trained_net_is_its_seeds_own(nets):
    net, log = nets.trained(FORTH, 3, 2)
    again, log_again = nets.trained(FORTH, 3, 2)
    assert same(net, again)
    assert [e["validation"] for e in log] == [e["validation"] for e in log_again]
    assert not same(net, nets.trained(FORTH, 4, 2)[0])


def test_a_seed_draws_the_order_of_examples_too(nets):
    # From the same first weights, without dropout, another order leads elsewhere.
    nets.patch.setattr(nets.module, "NET", NET | {"dropout": 0.0})
    first = nets.untrained(FORTH, 0)
    nets.patch.setattr(nets.module, "untrained", lambda split, _: deepcopy(first))
    made = [nets.trained(FORTH, seed, 1)[0] for seed in (1, 1, 2)]
    assert same(*made[:2])
    assert not same(*made[1:])


def test_training_begins_with_the_untrained_net_of_its_seed(nets):
    nets.patch.setattr(nets.module, "LEARNING_RATE", 1e-30)  # which moves nothing
    net, _ = nets.trained(FORTH, 3, 1, hidden=0)
    assert same(net, nets.untrained(FORTH, 3, hidden=0))


def test_a_net_is_what_was_chosen_but_for_its_changes(nets):
    expected = nnlm.Config(5, order=4, width=6, hidden=7, dropout=0.1)
    assert nets.untrained(FORTH, 0).config == expected
    expected = nnlm.Config(5, order=2, width=6, hidden=7, dropout=0.1, direct=True)
    assert nets.untrained(FORTH, 0, order=2, direct=True).config == expected
    expected = nnlm.Config(5, order=4, width=6, hidden=0, dropout=0.1)
    assert nets.trained(FORTH, 0, 1, hidden=0)[0].config == expected


def test_nets_neither_heed_nor_change_the_callers_random_numbers(nets):
    made = []
    with torch.random.fork_rng():
        for seed in 1, 2:
            torch.manual_seed(seed)
            before = torch.random.get_rng_state()
            made.append((nets.untrained(FORTH, 3), nets.trained(FORTH, 3, 1)[0]))
            assert torch.equal(torch.random.get_rng_state(), before)
    assert all(same(*pair) for pair in zip(*made, strict=True))


def test_training_learns_an_obvious_pattern(nets):
    split = split_of(FORTH.train, FORTH.test, FORTH.test, 5)
    before = experiments.price(nets.untrained(split, 0), split.valid)
    net, _ = nets.trained(split, 0, 20)
    assert before == pytest.approx(np.log(5), abs=0.3)  # among five words, about alike
    assert experiments.price(net, split.valid) < before / 5


def test_the_log_has_a_validation_after_each_epoch(nets):
    # 100 examples, 32 at a time: four steps an epoch.
    _, log = nets.trained(FORTH, 0, 3)
    assert [entry["step"] for entry in log] == [4, 8, 12]
    assert all(entry["validation"] > 0 for entry in log)


def test_the_epoch_that_is_best_on_validation_is_kept(nets):
    # What is learnt from 0 1 2 0 ... harms 2 1 0 2 ..., so the last is not the best.
    split = split_of(FORTH.train, FORTH.valid, FORTH.test, 3)
    net, log = nets.trained(split, 0, 20)
    prices = [entry["validation"] for entry in log]
    assert min(prices) < prices[-1] - 0.1
    assert experiments.price(net, split.valid) == pytest.approx(min(prices), abs=1e-6)


def test_a_price_is_the_mean_over_all_words():
    net = net_of(vocabulary_size=4, order=3, width=2, hidden=0)
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)
    net.output.bias.data = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    # Whatever comes before: 0 costs 1 ln 2, 1 costs 2, 2 and 3 cost 3. A mean of 2.
    price = experiments.price(net, np.array([0, 1, 2, 0, 3]))
    assert price == pytest.approx(2 * np.log(2), rel=1e-6)


def test_the_course_of_a_training_by_hand():
    # Vectors 6 * 6, hidden 3 * 6 * 7 + 7, output 7 * 5 + 5.
    net = net_of(vocabulary_size=5, order=4, width=6, hidden=7)
    log = [{"loss": 3.0, "validation": 4.0}, {"loss": 2.0, "validation": 5.0}]
    assert experiments.course(net, log) == {
        "parameters": 36 + 133 + 40,
        "train": [3.0, 2.0],
        "valid": [4.0, 5.0],
    }


def test_the_vectors_are_those_of_the_words_alone():
    net = net_of(vocabulary_size=5, width=6)
    found = net.vectors()
    assert found.shape == (5, 6)
    for word in range(5):
        np.testing.assert_array_equal(found[word], net.table.weight[word].tolist())


# Mixtures


@pytest.fixture(scope="module")
def looped():
    """A net that has seen `LOOP`, and the n-gram models that have."""
    with pytest.MonkeyPatch.context() as patch:
        make_tiny(patch)
        net, _ = experiments.trained(LOOP, 0, 6)
    return net, experiments.counted(LOOP)


def test_a_net_is_compared_with_four_models_that_counted_training(looped):
    _, models = looped
    assert list(models) == COUNTED
    made = [
        NgramModel(5, KneserNey()),
        NgramModel(3, ModifiedKneserNey()),
        NgramModel(5, ModifiedKneserNey()),
        NgramModel(3, JelinekMercer(held_out=LOOP.valid)),
    ]
    for model, expected in zip(models.values(), made, strict=True):
        expected.fit(LOOP.train, 20)
        np.testing.assert_array_equal(model.score(LOOP.test), expected.score(LOOP.test))


def test_a_mixture_is_no_worse_than_its_parts_on_validation(looped):
    net, models = looped
    weights, _ = experiments.mixtures(net, nnlm.score(net, LOOP.test), models, LOOP)
    assert list(weights) == COUNTED
    alone = nnlm.score(net, LOOP.valid)
    for name, weight in weights.items():
        assert 0 < weight < 1
        partner = models[name].score(LOOP.valid)
        mean = nnlm.mixed(alone, partner, weight).mean()
        assert mean > max(alone.mean(), partner.mean())
        # No other weight is better, in steps of a hundredth.
        others = [nnlm.mixed(alone, partner, w / 100).mean() for w in range(101)]
        assert mean > max(others) - 1e-5


def test_what_a_mixture_pays_for_test_is_paid_with_the_weight_of_validation(looped):
    net, models = looped
    scores = nnlm.score(net, LOOP.test)
    weights, losses = experiments.mixtures(net, scores, models, LOOP)
    for name, model in models.items():
        partner = model.score(LOOP.test)
        # Test would want another.
        assert abs(nnlm.mixing_weight(scores, partner) - weights[name]) > 0.05
        expected = -nnlm.mixed(scores, partner, weights[name])
        np.testing.assert_allclose(losses[name], expected, rtol=1e-12)


def test_a_net_is_mixed_with_three_partners_on_test(looped):
    net, models = looped
    documents, known = np.repeat([0, 1], [60, 90]), experiments.known(LOOP)
    found = experiments.on_test(net, models, LOOP, documents, known)
    mixed = [f"with {name}" for name in PARTNERS]
    assert list(found) == ["weight", "log_loss", "by_known"]
    assert list(found["weight"]) == PARTNERS
    assert list(found["log_loss"]) == list(found["by_known"]) == ["alone", *mixed]


# The record: eight documents of fifteen sentences of ten words

TINY = {"EPOCHS": 2, "COMMON": 20, "OFTEN": 2, "SHOWN": ("w3", "w4")}
split_small = partial(field.bengio_split, train=800, valid=200)


def small_corpus():
    words = [f"w{i}" for i in noisy_loop(3, 1_200, 0.5)]
    words[::100] = [f"once{i}" for i in range(12)]
    # Three tags, of words that are neighbours on the circle; some stand in titles.
    tags = [("nn", "vb", "in")[int(w[1:]) // 7] if w[0] == "w" else "rb" for w in words]
    tags[::3] = [f"{tag}-tl" for tag in tags[::3]]
    told = [f"{word}/{tag}" for word, tag in zip(words, tags, strict=True)]
    sentences = [" ".join(told[i : i + 10]) for i in range(0, 1_200, 10)]
    return corpus_of(*(sentences[i : i + 15] for i in range(0, 120, 15)))


CORPUS = small_corpus()


def make_small(patch):
    make_tiny(patch)
    patch.setattr(field, "brown", lambda: CORPUS)
    patch.setattr(field, "bengio_split", split_small)
    for name, value in TINY.items():
        patch.setattr(experiments, name, value)


@pytest.fixture
def small(monkeypatch):
    make_small(monkeypatch)
    return split_small(CORPUS.words)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        patch.setattr(records, "FOLDER", folder)
        patch.setenv("COMPANION_DATA_CACHE", str(folder / "cache"))
        return run(experiments.NNLM_BROWN, seeds=2, say=lambda line: None)


NETS = {"shorter_context": {"order": 3}, "no_hidden_layer": {"hidden": 0}}
NETS |= {"direct_connections": {"direct": True}}


def nets_of(record):
    """Return what was measured of each net, its seed, and what was changed."""
    results = record["results"]
    made = [(found, seed, {}) for seed, found in enumerate(results["net"])]
    return made + [(results[name], 0, changes) for name, changes in NETS.items()]


def test_the_record_says_what_was_chosen(record):
    assert record["name"] == "nnlm_brown"
    assert record["world"] == "field"
    assert record["seeds"] == [0, 1]
    assert list(record["provenance"]["data"]) == ["brown/brown.zip"]
    assert record["settings"] == {
        "train_tokens": 800,
        "valid_tokens": 200,
        "test_tokens": 200,
        "vocabulary_size": 21,  # twenty words and <rare>
        "net": NET,
        "epochs": 2,
        "batch": 32,
        "learning_rate": 0.01,
        "epsilon": 1e-6,
        "common": 20,
        "often": 2,
    }


def test_the_record_comes_back_from_its_file_as_it_was(record, tmp_path):
    records.save(record, tmp_path)
    assert records.load("nnlm_brown", tmp_path) == record


def test_what_ngrams_pay_is_summed_by_document(record, small):
    found = record["results"]["ngrams"]
    # Test is the last 200 words: 50 of the seventh document, all 150 of the eighth.
    assert found["tokens"] == [50, 150]
    assert list(found["log_loss"]) == list(found["by_known"]) == COUNTED
    for name, model in experiments.counted(small).items():
        losses = -model.score(small.test)
        expected = [losses[:50].sum(), losses[50:].sum()]
        np.testing.assert_allclose(found["log_loss"][name], expected, atol=1e-3)


def test_words_are_counted_by_how_much_was_known(record, small):
    known = Counter(experiments.known(small).tolist())
    found = record["results"]["ngrams"]["known_tokens"]
    assert found == [known[n] for n in range(1, 6)]
    assert sum(found) == 200  # each word was seen in training
    assert min(found) > 0


def test_histories_are_counted_without_the_word_itself():
    # Trained on 0 1 2 3 4 5: after 2 3 the 0 was never seen, but its history was.
    vocabulary = Vocabulary([str(n) for n in range(7)])
    split = field.BengioSplit(
        vocabulary, np.arange(6), np.array([6, 6, 6, 6]), np.array([2, 3, 0, 1, 2])
    )
    # Before 2 stands 6, never seen. Before 3: 2, but not 6 2: one word.
    # Before 0: 2 3, not 6 2 3: two. Before 1: 0, not 3 0: one. Before 2: 0 1: two.
    assert experiments.history(split).tolist() == [0, 1, 2, 1, 2]


def test_what_is_paid_by_history_adds_up(record):
    results = record["results"]
    tokens = results["histories"]["tokens"]
    assert sum(tokens) == 200
    for name, means in results["histories"]["by_history"].items():
        total = sum(results["ngrams"]["log_loss"][name])
        assert np.dot(means, tokens) == pytest.approx(total, abs=0.02)
    for net, found in zip(results["net"], results["closer_look"], strict=True):
        assert found["log_loss"] == pytest.approx(net["log_loss"]["alone"], abs=2e-3)
        total = sum(found["log_loss"])
        assert np.dot(found["by_history"], tokens) == pytest.approx(total, abs=0.02)


def test_a_net_and_a_partner_have_a_half_each(record, small):
    models = experiments.counted(small)
    for seed, found in enumerate(record["results"]["closer_look"]):
        net, _ = experiments.trained(small, seed, 2)
        assert list(found["half"]) == PARTNERS
        for name, sums in found["half"].items():
            p = (
                np.exp(nnlm.score(net, small.test)),
                np.exp(models[name].score(small.test)),
            )
            paid = -np.log(sum(p) / 2)
            assert sums == pytest.approx([paid[:50].sum(), paid[50:].sum()], abs=2e-3)
        rows = {"table": net.vectors(), "output": experiments.output_vectors(net)}
        for name, leaning in found["leaning"].items():
            expected = probe.leaning(rows[name], small.train, 2)._asdict()
            assert leaning == pytest.approx(expected, abs=1e-5)


def test_means_by_what_was_known_and_sums_by_document_are_of_the_same_losses(record):
    tokens = record["results"]["ngrams"]["known_tokens"]
    for found in [record["results"]["ngrams"], *(net for net, *_ in nets_of(record))]:
        for name, sums in found["log_loss"].items():
            total = np.dot(found["by_known"][name], tokens)
            assert total == pytest.approx(sum(sums), abs=0.02)  # 200 times 0.00005


def test_the_nets_differ_in_what_their_names_say(record):
    results = record["results"]
    # V = 21; vectors 22 * 6; x has 18 numbers, or 12; hidden 18 * 7 + 7, or 12 * 7 + 7.
    hidden, output = 18 * 7 + 7, 7 * 21 + 21
    assert [net["parameters"] for net in results["net"]] == [132 + hidden + output] * 2
    assert {name: results[name]["parameters"] for name in NETS} == {
        "shorter_context": 132 + (12 * 7 + 7) + output,
        "no_hidden_layer": 132 + (18 * 21 + 21),
        "direct_connections": 132 + hidden + (18 + 7) * 21 + 21,
    }


def test_what_each_net_pays_is_its_own_score_alone_and_mixed(record, small):
    models = experiments.counted(small)
    for found, seed, changes in nets_of(record):
        net, log = experiments.trained(small, seed, 2, **changes)
        np.testing.assert_allclose(found["train"], [e["loss"] for e in log], rtol=1e-5)
        valid = [entry["validation"] for entry in log]
        np.testing.assert_allclose(found["valid"], valid, rtol=1e-5)
        scores = nnlm.score(net, small.test)
        weights, losses = experiments.mixtures(net, scores, models, small)
        assert list(found["weight"]) == PARTNERS
        for name in PARTNERS:
            assert found["weight"][name] == pytest.approx(weights[name], rel=1e-5)
        for name, sums in found["log_loss"].items():
            paid = -scores if name == "alone" else losses[name.removeprefix("with ")]
            assert sums == pytest.approx([paid[:50].sum(), paid[50:].sum()], abs=2e-3)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("adamw_as_it_comes", {"LEARNING_RATE": 1e-3, "EPSILON": 1e-8}),
        ("usual_epsilon", {"EPSILON": 1e-8}),
    ],
)
def test_two_nets_are_trained_with_pytorchs_constants(
    record, small, monkeypatch, name, changes
):
    found = record["results"][name]
    assert found["parameters"] == record["results"]["net"][0]["parameters"]
    for setting, value in changes.items():
        monkeypatch.setattr(experiments, setting, value)
    net, log = experiments.trained(small, 0, 2)
    np.testing.assert_allclose(found["train"], [e["loss"] for e in log], rtol=1e-5)
    scores = -nnlm.score(net, small.test)
    expected = [scores[:50].sum(), scores[50:].sum()]
    assert found["log_loss"]["alone"] == pytest.approx(expected, abs=2e-3)


def test_the_vectors_of_each_seed_are_asked_before_and_after_training(record, small):
    tags = experiments.tags(CORPUS, small)
    assert Counter(tags) == {"nn": 7, "vb": 7, "in": 6, None: 1}  # <rare> has no tag
    for seed, found in enumerate(record["results"]["net"]):
        net, _ = experiments.trained(small, seed, 2)
        table = net.vectors()
        after = probe.purity(table, tags)
        before = experiments.untrained(small, seed).vectors()
        # By chance: 6 of 19 others for 14 words, 5 of 19 for six.
        chance = (14 * 6 / 19 + 6 * 5 / 19) / 20
        assert found["purity"]["chance"] == pytest.approx(chance)
        assert found["purity"]["trained"] == pytest.approx(after.measured, abs=1e-6)
        measured = probe.purity(before, tags).measured
        assert found["purity"]["untrained"] == pytest.approx(measured, abs=1e-6)
        assert after.measured != measured
        assert found["purity"]["by_tag"] == pytest.approx(after.by_label, abs=1e-6)
        assert found["anisotropy"] == pytest.approx(probe.anisotropy(table), abs=1e-5)
        assert list(found["neighbours"]) == ["w3", "w4"]
        near = probe.neighbours(table, small.vocabulary.words, "w4", 6)
        assert [w for w, _ in found["neighbours"]["w4"]] == [w for w, _ in near]
        rows = net.output.weight.detach().numpy()
        measured = probe.purity(rows, tags).measured
        assert found["purity"]["output"] == pytest.approx(measured, abs=1e-6)
        near = probe.neighbours(rows, small.vocabulary.words, "w4", 6)
        assert [w for w, _ in found["output_neighbours"]["w4"]] == [w for w, _ in near]


# A world of Millbrook

WORLD = {"train": 25, "valid": 4, "test": 6}
SEED = 1
FEW = {
    "DOCUMENTS": WORLD,
    "SCORED": 3,
    "EPOCHS": 2,
    "COMMON": 4,
    "OFTEN": 4,
    "SHOWN": ("Anna",),
}
LAB_NETS = {"net": {}, **NETS}


def make_few(patch):
    make_tiny(patch, nnlm_lab)
    patch.setattr(ngram_lab, "DOCUMENTS", WORLD)
    patch.setattr(experiments, "OFTEN", 4)
    for name, value in (FEW | {"BATCH": 256}).items():
        patch.setattr(nnlm_lab, name, value)


@pytest.fixture(scope="module")
def few():
    nnlm_lab.world.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        make_few(patch)
        yield
    nnlm_lab.world.cache_clear()


@pytest.fixture(scope="module")
def measured(few):
    """What the experiment measures in the world of a seed, by name."""
    return {f.__name__: f(SEED) for f in nnlm_lab.NNLM_LAB.by_seed}


@cache
def drawn():
    """The world's split, its test part cut to three documents."""
    documents, vocabulary = lab.sample(35, SEED).documents, lab.vocabulary()
    parts = [documents[:25], documents[25:29], documents[29:32]]
    return field.BengioSplit(
        vocabulary, *(vocabulary.encode(lab.Corpus(part).tokens) for part in parts)
    )


@pytest.mark.usefixtures("few")
def test_the_lab_says_what_was_chosen():
    assert records.plain(nnlm_lab.settings(), "settings") == {
        "documents": WORLD,
        "documents_scored": 3,
        "vocabulary_size": len(lab.vocabulary()),
        "net": NET,
        "epochs": 2,
        "batch": 256,
        "learning_rate": 0.01,
        "epsilon": 1e-6,
        "common": 4,
        "often": 4,
        "nearest": 5,
    }


def test_what_the_lab_measures_can_be_recorded(measured):
    records.plain(measured, "results")
    assert set(measured) == {"ngrams", "histories", "closer_look", *LAB_NETS}


def test_what_is_paid_in_the_lab_by_history_adds_up(measured):
    tokens = measured["histories"]["tokens"]
    assert sum(tokens) == measured["ngrams"]["test_tokens"]
    for name, means in measured["histories"]["by_history"].items():
        paid = np.dot(means, tokens) / sum(tokens)
        assert paid == pytest.approx(measured["ngrams"]["alone"][name], abs=1e-4)
    found = measured["closer_look"]
    assert found["alone"] == pytest.approx(measured["net"]["alone"], rel=1e-5)
    paid = np.dot(found["by_history"], tokens) / sum(tokens)
    assert paid == pytest.approx(found["alone"], abs=1e-4)
    # By Jensen's inequality a half of each pays less than the mean of the two.
    for name, half in found["half"].items():
        other = measured["ngrams"]["alone"][name]
        assert min(found["alone"], other) - math.log(2) < half
        assert half < (found["alone"] + other) / 2


@pytest.mark.usefixtures("few")
def test_a_world_is_a_seeds_documents_and_test_is_cut_to_those_that_have_a_floor():
    world, split = nnlm_lab.world(SEED), drawn()
    assert {part: len(c.documents) for part, c in world.parts.items()} == WORLD
    for part in "train", "valid", "test":
        found, expected = getattr(world.split, part), getattr(split, part)
        np.testing.assert_array_equal(found, expected)
    assert list(world.counted) == COUNTED
    np.testing.assert_array_equal(world.known, experiments.known(split))


def test_the_labs_ngrams_pay_what_they_score(measured):
    split, found = drawn(), measured["ngrams"]
    known = experiments.known(split)
    assert found["test_tokens"] == len(split.test)
    assert found["known_tokens"].tolist() == [sum(known == n) for n in range(1, 6)]
    assert list(found["alone"]) == list(found["by_known"]) == COUNTED
    for name, model in experiments.counted(split).items():
        losses = -model.score(split.test)
        assert found["alone"][name] == pytest.approx(losses.mean(), rel=1e-9)
        by_known = [losses[known == n].mean() for n in range(1, 6)]
        np.testing.assert_allclose(found["by_known"][name], by_known, atol=1e-4)


@pytest.mark.usefixtures("few")
def test_each_net_of_the_lab_is_measured_alone_and_mixed(measured):
    split = drawn()
    models, known = experiments.counted(split), experiments.known(split)
    for name, changes in LAB_NETS.items():
        found = measured[name]
        net, log = nnlm_lab.trained(split, SEED, **changes)
        assert found["parameters"] == sum(p.numel() for p in net.parameters())
        assert len(found["train"]) == 2
        valid = [entry["validation"] for entry in log]
        np.testing.assert_allclose(found["valid"], valid, rtol=1e-5)
        scores = nnlm.score(net, split.test)
        assert found["alone"] == pytest.approx(-scores.mean(), rel=1e-5)
        by_known = [-scores[known == n].mean() for n in range(1, 6)]
        np.testing.assert_allclose(found["by_known"], by_known, atol=2e-4)
        weights, losses = experiments.mixtures(net, scores, models, split)
        assert list(found["weight"]) == COUNTED
        assert found["weight"] == pytest.approx(weights, rel=1e-4)
        means = {partner: loss.mean() for partner, loss in losses.items()}
        assert found["mixed"] == pytest.approx(means, rel=1e-5)


@pytest.mark.usefixtures("few")
def test_the_labs_vectors_are_asked_about_the_common_words_of_training(measured):
    split, documents = drawn(), lab.sample(25, SEED)
    words = split.vocabulary.words
    net, _ = nnlm_lab.trained(split, SEED)
    asked = nnlm_lab.labels(documents, words)
    expected = nnlm_lab.of_vectors(net, nnlm_lab.untrained(split, SEED), words, asked)
    found = measured["net"]["vectors"]
    keys = ["anisotropy", "kind", "pos", "neighbours", "output_neighbours"]
    assert list(found) == keys
    for kind in "kind", "pos":
        assert found[kind]["words"] == expected[kind]["words"]
        for key in "trained", "untrained", "output", "chance":
            assert found[kind][key] == pytest.approx(expected[kind][key], abs=1e-3)
    assert [len(near) for near in found["neighbours"].values()] == [6]


# Labels of words


def told(text):
    """A document of Millbrook of one sentence such as "Anna/PROPN sang/VERB"."""
    words, pos = zip(*(pair.split("/") for pair in text.split()), strict=True)
    none, nobody = (None,) * len(words), ((),) * len(words)
    one = lab.Sentence(words, pos, none, none, nobody, (), (), ())
    return lab.Document("river", "good", (one,))


@pytest.fixture
def labels_of(monkeypatch):
    """A function that labels words that a few documents show, 2 times or more."""
    monkeypatch.setattr(nnlm_lab, "COMMON", 2)

    def labels(words, *texts):
        corpus = lab.Corpus(tuple(told(text) for text in texts))
        found = nnlm_lab.labels(corpus, words.split())
        assert list(found) == ["kind", "pos"]
        return list(zip(*found.values(), strict=True))

    return labels


def test_a_word_is_of_its_kind_and_of_its_part_of_speech(labels_of):
    shown = ["Anna/PROPN mend/VERB the/DET", "the/DET mend/VERB Anna/PROPN"]
    expected = [("women", "PROPN"), (None, "DET"), ("verbs, many", "VERB")]
    assert labels_of("Anna the mend", *shown) == expected
    assert labels_of("mend the Anna", *shown) == expected[::-1]


def test_a_word_of_two_parts_of_speech_has_no_label(labels_of):
    shown = ["saw/VERB watch/VERB saw/VERB", "watch/NOUN saw/NOUN watch/VERB"]
    assert labels_of("watch saw", *shown) == [(None, None), (None, None)]


def test_a_noun_in_a_list_of_verbs_is_no_verb(labels_of):
    shown = ["mend/VERB watch/NOUN", "watch/NOUN mend/VERB"]
    expected = [(None, "NOUN"), ("verbs, many", "VERB")]
    assert labels_of("watch mend", *shown) == expected


def test_rare_words_have_no_label(labels_of):
    shown = ["Monday/PROPN Monday/PROPN Tuesday/PROPN the/DET"]
    expected = [("days", "PROPN"), (None, None), (None, None), (None, None)]
    assert labels_of("Monday Tuesday the Anna", *shown) == expected


def test_punctuation_and_words_of_two_senses_have_no_label(labels_of):
    shown = [
        "./PUNCT bank/NOUN bank/NOUN joiners/NOUN",
        "bank/NOUN joiners/NOUN ./PUNCT",
    ]
    expected = [(None, None), (None, None), ("trades, many", "NOUN")]
    assert labels_of(". bank joiners", *shown) == expected


def test_words_of_a_real_text_are_labelled_where_their_tag_is_one(
    labels_of, monkeypatch
):
    monkeypatch.setattr(nnlm_lab, "COMMON", 1)
    words, corpus = lab.vocabulary().words, lab.sample(10, 0)
    tags = defaultdict(set)
    for document in corpus.documents:
        for sentence in document.sentences:
            for word, tag in zip(sentence.tokens, sentence.pos, strict=True):
                tags[word].add(tag)
    clear = {
        word: found.pop()
        for word, found in tags.items()
        if len(found) == 1 and word[0].isalpha() and word not in lab.ambiguous_words()
    }
    found = zip(words, nnlm_lab.labels(corpus, words)["pos"], strict=True)
    assert {word: tag for word, tag in found if tag} == clear


# What vectors know, by hand

KINDS = ("women", "men", "trades")
TOLD = [word for kind in KINDS for word in categories()[kind][:12]]
LABELS = {
    "kind": [kind for kind in KINDS for _ in range(12)],
    "pos": ["PROPN"] * 24 + ["NOUN"] * 12,
}
ONE_HOT = np.repeat(np.eye(3), 12, axis=0)
NOISE = np.random.default_rng(0).normal(size=(36, 3))


def asked(trained, untrained, labels=LABELS, output=NOISE):
    """What two tables of vectors of `TOLD`, and an output layer, know of them."""
    nets = [net_of(vocabulary_size=36, width=3, hidden=3) for _ in range(2)]
    for net, table in zip(nets, (trained, untrained), strict=True):
        net.table.weight.data[:-1] = torch.from_numpy(table)
    nets[0].output.weight.data[:] = torch.from_numpy(output)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nnlm_lab, "SHOWN", (TOLD[0], TOLD[13]))
        return nnlm_lab.of_vectors(*nets, TOLD, labels)


def test_vectors_that_are_the_kind_alone_are_pure_and_random_ones_are_not():
    kind = asked(ONE_HOT, NOISE)["kind"]
    assert kind["words"] == 36
    assert kind["trained"] == 1
    assert kind["by_label"] == dict.fromkeys(KINDS, 1)
    # 11 of 35 others are of a word's kind.
    assert kind["chance"] == pytest.approx(11 / 35)
    assert kind["untrained"] == probe.purity(NOISE, LABELS["kind"], 5).measured < 0.6
    again = asked(NOISE, ONE_HOT)["kind"]
    assert again["untrained"] == 1
    assert again["trained"] == kind["untrained"]


def test_the_rows_of_the_output_layer_are_asked_by_themselves():
    found = asked(NOISE, NOISE, output=ONE_HOT)
    assert found["kind"]["output"] == 1
    assert found["kind"]["output_by_label"] == dict.fromkeys(KINDS, 1)
    assert found["kind"]["trained"] < 0.6
    near = found["output_neighbours"][TOLD[0]]
    assert [word for word, _ in near] == TOLD[1:7]


def test_names_of_both_sexes_are_two_kinds_but_one_part_of_speech():
    # Names in one direction, be they of women or men; trades in another.
    vectors = np.eye(3)[[0] * 24 + [1] * 12]
    found = asked(vectors, vectors)
    assert found["pos"]["by_label"] == {"PROPN": 1, "NOUN": 1}
    # 23 of 35 for 24 names, 11 of 35 for 12 trades.
    chance = (24 * 23 / 35 + 12 * 11 / 35) / 36
    assert found["pos"]["chance"] == pytest.approx(chance)
    assert found["kind"]["by_label"]["trades"] == 1
    assert found["kind"]["trained"] < 1


def test_five_neighbours_are_asked_and_none_without_a_label():
    # Six women are left in one direction: five neighbours. A sixth would be a man.
    labels = {"kind": [None] * 6 + LABELS["kind"][6:]}
    found = asked(ONE_HOT, NOISE, labels)
    assert found["kind"]["words"] == 30
    assert found["kind"]["trained"] == 1
    labels = {"kind": [None] * 7 + LABELS["kind"][7:]}
    # Four of five neighbours of a woman are women now.
    women = asked(ONE_HOT, NOISE, labels)["kind"]["by_label"]["women"]
    assert women == pytest.approx(4 / 5)


def test_anisotropy_and_neighbours_are_those_of_the_trained_vectors():
    found = asked(ONE_HOT, NOISE)
    # 11 of 35 others have cosine 1, the rest 0.
    assert found["anisotropy"] == pytest.approx(11 / 35)
    assert found["neighbours"] == {
        TOLD[0]: [(word, 1.0) for word in TOLD[1:7]],
        TOLD[13]: [(word, 1.0) for word in [TOLD[12], *TOLD[14:19]]],
    }
