"""Shipped checkpoints: written whole, loaded as they were, refused when damaged."""

import dataclasses
import hashlib
import json
import os
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from companion import nnlm, pretrained
from companion.pretrained import PretrainedError
from companion.text import Vocabulary

WORDS = ["<rare>", "the", "bank", "ferry's", "岸"]
SHIPPED_BYTES = 60_000_000  # what the package may weigh more for its checkpoints
SUFFIXES = [".json", ".md", ".safetensors"]


@dataclass(frozen=True)
class Config:
    words: int = 5
    width: int = 3
    sizes: tuple[int, ...] = (1, 2)
    dropout: float = 0.1

    def __post_init__(self):
        if self.width < 1:
            raise ValueError(f"width is 1 or more, not {self.width}")


class Fake(nn.Module):
    """A model with tied weights, dropout, a constant and a mask."""

    Config = Config

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.table = nn.Embedding(config.words, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.width, config.words)
        self.output.weight = self.table.weight
        self.register_buffer("steps", torch.tensor([2**40, 1]))
        self.register_buffer("mask", torch.tensor([True, False]))
        self.register_buffer("first", self.steps[:1])  # shares its memory

    def forward(self, tokens):
        return self.output(self.dropout(self.table(tokens)))


class Untied(Fake):
    def __init__(self, config):
        super().__init__(config)
        self.output.weight = nn.Parameter(torch.zeros(config.words, config.width))


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    """A module of the companion that holds the models above."""
    module = types.ModuleType("companion._fake")
    module.Fake, module.Untied, module.Config = Fake, Untied, Config
    module.Linear, module.number = nn.Linear, 3
    monkeypatch.setitem(sys.modules, "companion._fake", module)
    return module


def make_model(seed=0, kind=Fake, **config):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(Config(**config))


def make_card(**others):
    return {
        "model": "companion._fake.Fake",
        "config": dataclasses.asdict(Config()),
        "trained_on": [
            {"name": "Gutenberg", "licence": "public domain", "tokens": 1_234_567}
        ],
        "command": "python -m companion.make fake --seed 0",
        "numbers": {"perplexity": {"test": 231.2345, "lab": 12_345.6}, "epochs": 12000},
        "limits": ["It knows five words.", "It was never trained."],
    } | others


def save(folder, model=None, name="tiny", card=None, **others):
    pretrained.save(
        make_model() if model is None else model,
        name,
        words=others.pop("words", WORDS),
        card=make_card() if card is None else card,
        folder=folder,
        **others,
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def reseal(folder, change, name="tiny"):
    """Change a checkpoint's JSON as if it had been written so."""
    path = folder / f"{name}.json"
    content = json.loads(path.read_text())
    content.pop("digest")
    change(content)
    text = json.dumps(content, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(content | {"digest": digest}))


def replace_weights(folder, change):
    """Change a checkpoint's tensors as if they had been written so."""
    path = folder / "tiny.safetensors"
    tensors = safetensors.torch.load(path.read_bytes())
    change(tensors)
    weights = safetensors.torch.save(tensors)
    path.write_bytes(weights)
    seal = {"sha256": hashlib.sha256(weights).hexdigest(), "bytes": len(weights)}
    reseal(folder, lambda content: content.update(weights=seal))


# There and back


def test_weights_come_back_as_float32_with_the_precision_of_fp16_exactly(tmp_path):
    model = make_model()
    with torch.no_grad():  # the largest, the smallest, and what rounds to the even
        model.output.bias[:] = torch.tensor([65504, -65504, 2**-24, 2049, 1 / 3])
    save(tmp_path, model)
    loaded = pretrained.load("tiny", tmp_path).model
    assert torch.equal(
        # fp16 has 11 binary digits: 2049 = 2^11 + 1 lies between 2048 and 2050;
        # 1/3 = 1.0101..(2) * 2^-2 becomes 1365 / 2^12
        loaded.output.bias.detach(),
        torch.tensor([65504, -65504, 2**-24, 2048, 1365 / 4096]),
    )
    for name, tensor in model.state_dict().items():
        found = loaded.state_dict()[name]
        assert found.dtype == tensor.dtype
        floats = tensor.is_floating_point()
        assert torch.equal(found, tensor.half().float() if floats else tensor), name


def test_the_loaded_model_computes_what_the_rounded_one_does(tmp_path):
    model = make_model(dropout=0.5)
    save(tmp_path, model, card=make_card(config=dataclasses.asdict(model.config)))
    loaded = pretrained.load("tiny", tmp_path).model
    tokens = torch.tensor([[0, 4, 2]])
    expected = model.half().float().eval()(tokens)
    assert not loaded.training
    assert type(loaded) is Fake
    assert loaded.config == model.config
    assert torch.equal(loaded(tokens), expected)


def test_what_was_loaded_and_saved_again_is_the_same_to_the_byte(tmp_path):
    save(tmp_path)
    before = contents(tmp_path)
    found = pretrained.load("tiny", tmp_path)
    save(tmp_path, found.model, card=found.card, words=found.vocabulary.words)
    assert contents(tmp_path) == before


def test_saving_leaves_the_model_as_it_was(tmp_path):
    model = make_model()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    save(tmp_path, model)
    assert model.training
    for name, tensor in model.state_dict().items():
        assert tensor.dtype == before[name].dtype
        assert torch.equal(tensor, before[name])


def test_the_random_numbers_of_the_caller_are_left_as_they_were(tmp_path):
    model = make_model()
    before = torch.get_rng_state()
    save(tmp_path, model)
    pretrained.load("tiny", tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_model_is_float32_whatever_the_default_is(tmp_path):
    save(tmp_path)
    torch.set_default_dtype(torch.float64)
    try:
        loaded = pretrained.load("tiny", tmp_path).model
    finally:
        torch.set_default_dtype(torch.float32)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}


def test_a_model_in_bfloat16_or_float64_is_saved_too(tmp_path):
    for dtype in (torch.bfloat16, torch.float64):
        model = make_model().to(dtype)
        save(tmp_path, model)
        loaded = pretrained.load("tiny", tmp_path).model
        assert torch.equal(loaded.table.weight, model.table.weight.half().float())


def test_tied_weights_are_stored_once_and_stay_tied(tmp_path):
    save(tmp_path)
    stored = safetensors.torch.load_file(tmp_path / "tiny.safetensors")
    assert set(stored) == {"table.weight", "output.bias", "steps", "mask", "first"}
    loaded = pretrained.load("tiny", tmp_path).model
    assert loaded.output.weight is loaded.table.weight


def test_weights_that_lie_crosswise_in_memory_are_saved(tmp_path):
    model = make_model()
    model.table.weight.data = torch.arange(15.0).reshape(3, 5).t()
    save(tmp_path, model)
    loaded = pretrained.load("tiny", tmp_path).model
    assert torch.equal(loaded.table.weight, model.table.weight)


@pytest.mark.parametrize("rare", ["<rare>", None])
def test_the_vocabulary_comes_back_with_its_rare_symbol(tmp_path, rare):
    save(tmp_path, rare=rare)
    found = pretrained.load("tiny", tmp_path).vocabulary
    assert found == Vocabulary(tuple(WORDS), rare)


def test_words_that_mean_something_to_json_are_words(tmp_path):
    words = ["inf", "NaN", "null", '"', "\\", "\u2028", "</script>", " "]
    save(tmp_path, words=words)
    assert pretrained.load("tiny", tmp_path).vocabulary.words == tuple(words)


def test_the_card_comes_back_in_plain_numbers(tmp_path):
    save(tmp_path, card=make_card(numbers={"a": np.float32(0.5), 2: np.arange(2)}))
    found = pretrained.load("tiny", tmp_path).card
    expected = make_card(numbers={"a": 0.5, "2": [0, 1]})
    expected["config"]["sizes"] = [1, 2]
    assert found == expected


def test_what_is_loaded_cannot_be_exchanged(tmp_path):
    save(tmp_path)
    found = pretrained.load("tiny", tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.model = None


# The files


def test_the_json_holds_the_hash_of_the_weights_and_the_weights_their_card(tmp_path):
    save(tmp_path)
    weights = (tmp_path / "tiny.safetensors").read_bytes()
    content = json.loads((tmp_path / "tiny.json").read_text())
    assert content["weights"] == {
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
    }
    with safetensors.safe_open(tmp_path / "tiny.safetensors", "pt") as file:
        metadata = file.metadata()
        assert file.get_tensor("output.bias").dtype == torch.float16
    assert json.loads(metadata["card"]) == content["card"]


def test_the_files_can_be_read_by_whoever_may_read_the_folder(tmp_path):
    save(tmp_path)
    plain = tmp_path / "plain"
    plain.touch()
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert modes == {plain.stat().st_mode}


def test_names_are_those_with_a_card_in_order(tmp_path):
    assert pretrained.names(tmp_path) == []
    for name in "hgfedcba":  # a folder lists its files in no order
        (tmp_path / f"{name}.json").touch()
    (tmp_path / "i.safetensors").touch()
    assert pretrained.names(tmp_path) == list("abcdefgh")


def test_a_checkpoint_is_three_files_of_its_name(tmp_path):
    save(tmp_path, name="a_2")
    assert sorted(contents(tmp_path)) == [f"a_2{suffix}" for suffix in SUFFIXES]


def test_words_stand_in_the_json_as_people_read_them(tmp_path):
    save(tmp_path)
    text = (tmp_path / "tiny.json").read_text(encoding="utf-8")
    assert '\n  "ferry\'s",\n  "岸"\n' in text


def test_the_markdown_says_all_of_the_card(tmp_path):
    save(tmp_path)
    # 231.2345 to four digits; 12,345.6 to the unit
    expected = """# tiny

## What it is

`companion.pretrained.load("tiny")` gives a trained `companion._fake.Fake`, \
its weights rounded to fp16, with this configuration:

- words: 5
- width: 3
- sizes: [1, 2]
- dropout: 0.1

## Trained on

- Gutenberg: 1,234,567 tokens (public domain)

## Numbers

- perplexity:
  - test: 231.2
  - lab: 12,346
- epochs: 12,000

## Make it again

```bash
python -m companion.make fake --seed 0
```

## Limits

- It knows five words.
- It was never trained.
"""
    assert (tmp_path / "tiny.md").read_text(encoding="utf-8") == expected
    loaded = pretrained.load("tiny", tmp_path)
    assert pretrained.markdown("tiny", loaded.card) == expected


def test_the_markdown_tells_truth_values_and_texts_from_numbers():
    numbers = {"stopped early": True, "best at": "the end"}
    text = pretrained.markdown("tiny", make_card(numbers=numbers))
    assert "- stopped early: True\n- best at: the end\n" in text


def test_a_description_is_a_few_lines(tmp_path):
    save(tmp_path)
    assert pretrained.describe("tiny", tmp_path).splitlines() == [
        "tiny: companion._fake.Fake, 5 words, 0.0 MB",
        "trained on:",
        "- Gutenberg: 1,234,567 tokens (public domain)",
        "numbers:",
        "- perplexity:",
        "  - test: 231.2",
        "  - lab: 12,346",
        "- epochs: 12,000",
        "made by: python -m companion.make fake --seed 0",
    ]


def test_a_description_gives_the_size_in_millions_of_bytes(tmp_path):
    save(tmp_path)
    reseal(tmp_path, lambda content: content["weights"].update(bytes=2_345_678))
    assert ", 5 words, 2.3 MB\n" in pretrained.describe("tiny", tmp_path)


# What is refused before anything is written


def refuses(folder, match, **arguments):
    with pytest.raises(ValueError, match=match):
        save(folder, **arguments)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "Tiny", "a-b", "../tiny", "a.b", "ä", "a\n"])
def test_a_name_that_is_no_plain_word_is_refused(tmp_path, name):
    refuses(tmp_path, "lower-case letters, digits and _", name=name)


@pytest.mark.parametrize(
    "key", ["model", "config", "trained_on", "command", "numbers", "limits"]
)
def test_a_card_without_a_key_is_refused(tmp_path, key):
    card = make_card()
    del card[key]
    refuses(tmp_path, f"the card has no '{key}'; it needs model, config", card=card)


@pytest.mark.parametrize("key", ["name", "licence", "tokens"])
def test_a_card_that_does_not_say_all_of_a_text_is_refused(tmp_path, key):
    corpus = {"name": "Brown", "licence": "none", "tokens": 9}
    short = {k: v for k, v in corpus.items() if k != key}
    card = make_card(trained_on=[corpus, short])
    refuses(tmp_path, rf"trained_on\[1\] has no '{key}'", card=card)


@pytest.mark.parametrize(
    ("others", "match"),
    [
        ({"limits": "It is small."}, "'limits' is 'It is small.'; a list is expected"),
        ({"command": None}, "'command' is None; a str is expected"),
        ({"trained_on": ["Brown"]}, r"trained_on\[0\] is 'Brown'; a dict is expected"),
        ({"numbers": {"loss": float("nan")}}, r"\['loss'\] is NaN"),
        ({"numbers": {"loss": float("-inf")}}, "must be finite, not so in .*-inf"),
        ({"numbers": {"loss": {1, 2}}}, "is a set; JSON has no form for it"),
    ],
)
def test_a_card_of_other_values_is_refused(tmp_path, others, match):
    refuses(tmp_path, match, card=make_card(**others))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_named(tmp_path, bad):
    model = make_model()
    with torch.no_grad():
        model.output.bias[3] = bad
    refuses(tmp_path, "'output.bias' are not finite", model=model)


@pytest.mark.parametrize("large", [65520.0, -1e9])  # 65520 rounds beyond the largest
def test_weights_that_overflow_in_fp16_are_named(tmp_path, large):
    model = make_model()
    with torch.no_grad():
        model.table.weight[0, 1] = large
    match = rf"'table.weight' reach {abs(large):g}; fp16 holds 65504"
    refuses(tmp_path, match.replace("+", r"\+"), model=model)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("the bank", "must be a list of strings, not 'the bank'"),
        (["the", 3], r"must be a list of strings, not \['the', 3\]"),
        (["the", "bank", "the"], "'the' stands twice"),
    ],
)
def test_words_that_are_no_vocabulary_are_refused(tmp_path, words, match):
    refuses(tmp_path, match, words=words)


def test_a_rare_symbol_that_is_no_word_is_refused(tmp_path):
    refuses(tmp_path, "'<unk>' is not one of the words", rare="<unk>")


def test_a_card_of_another_config_is_refused(tmp_path):
    refuses(tmp_path, r"dropout=0.1\), not Fake .*0.2", model=make_model(dropout=0.2))


def test_a_card_of_another_class_is_refused(tmp_path):
    refuses(tmp_path, "is Fake with .* not Untied", model=make_model(kind=Untied))


def test_a_model_that_is_not_as_its_config_says_is_refused(tmp_path):
    model = make_model()
    model.output.bias = nn.Parameter(torch.zeros(6))
    match = r"do not fit Fake: 'output.bias' is float of shape \(6,\), expected"
    refuses(tmp_path, match, model=model)


# Which classes may be built


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("os.system", "'os.system' is no class of the companion"),
        ("torch.nn.Linear", "no class of the companion"),
        ("companions.nnlm.NNLM", "no class of the companion"),
        ("companion.Fake", "no class of the companion"),
        ("companion...os.system", "no class of the companion"),
        ("companion.a-b.Fake", "no class of the companion"),
        ("Fake", "no class of the companion"),
        ("companion.no_such.Fake", "no model .*No module named"),
        ("companion._fake.Fuke", "no model .*has no attribute 'Fuke'"),
        ("companion._fake.number", "is no torch.nn.Module"),
        ("companion._fake.Config", "is no torch.nn.Module"),
        ("companion._fake.Linear", "has no dataclass `Config`"),
    ],
)
def test_only_models_of_the_companion_are_built(tmp_path, name, match):
    refuses(tmp_path, match, card=make_card(model=name))
    save(tmp_path)
    reseal(tmp_path, lambda content: content["card"].update(model=name))
    with pytest.raises(PretrainedError, match=match):
        pretrained.load("tiny", tmp_path)


def test_a_module_outside_the_companion_is_not_even_imported(tmp_path, monkeypatch):
    (tmp_path / "trap_of_this_test.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="no class of the companion"):
        save(tmp_path, card=make_card(model="trap_of_this_test.Fake"))


# What cannot be loaded


def loading(folder, match):
    with pytest.raises(PretrainedError, match=match) as caught:
        pretrained.load("tiny", folder)
    return str(caught.value)


AGAIN = "Install the companion again, or make it again: python -m companion.make fake"


def test_an_unknown_name_is_answered_with_those_there_are(tmp_path):
    loading(tmp_path, "no checkpoint 'tiny'; there are: none")
    for name in ("b", "a"):
        save(tmp_path, name=name)
    for ask in (pretrained.load, pretrained.describe):
        with pytest.raises(PretrainedError, match="'tiny'; there are: a, b. Choose"):
            ask("tiny", tmp_path)
    with pytest.raises(PretrainedError, match="no checkpoint '../a'"):
        pretrained.load("../a", tmp_path)


def test_weights_cut_short_are_refused(tmp_path):
    save(tmp_path)
    path = tmp_path / "tiny.safetensors"
    whole = path.read_bytes()
    for size in (0, 4, len(whole) - 1):
        path.write_bytes(whole[:size])
        match = f"tiny.safetensors is damaged or cut short.* {size:,} of {len(whole):,}"
        assert AGAIN in loading(tmp_path, match)


def test_weights_with_one_bit_changed_are_refused(tmp_path):
    save(tmp_path)
    path = tmp_path / "tiny.safetensors"
    bytes_ = bytearray(path.read_bytes())
    bytes_[-1] ^= 1
    path.write_bytes(bytes_)
    assert AGAIN in loading(tmp_path, "its SHA-256 does not fit")


def test_weights_that_are_missing_are_named(tmp_path):
    save(tmp_path)
    (tmp_path / "tiny.safetensors").unlink()
    assert AGAIN in loading(tmp_path, "tiny.safetensors is missing")


def test_a_card_edited_by_hand_is_refused(tmp_path):
    save(tmp_path)
    path = tmp_path / "tiny.json"
    path.write_text(path.read_text().replace("231.2345", "131.2345"))
    error = loading(tmp_path, "tiny.json was cut short, or changed after it was writt")
    assert error.endswith("Install the companion again")
    with pytest.raises(PretrainedError, match="tiny.json was cut short, or changed"):
        pretrained.describe("tiny", tmp_path)


def test_a_word_exchanged_by_hand_is_refused(tmp_path):
    save(tmp_path)
    path = tmp_path / "tiny.json"
    path.write_text(path.read_text().replace('"bank"', '"tank"'))
    loading(tmp_path, "changed after it was written")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b'"tiny"', b"{}", b"\xff"])
def test_a_file_that_is_no_card_is_refused(tmp_path, text):
    (tmp_path / "tiny.json").write_bytes(text)
    loading(tmp_path, "tiny.json was cut short, or changed")


@pytest.mark.parametrize("key", ["model", "config", "trained_on", "numbers", "limits"])
def test_a_loaded_card_without_a_key_is_refused(tmp_path, key):
    save(tmp_path)
    reseal(tmp_path, lambda content: content["card"].pop(key))
    assert AGAIN in loading(tmp_path, f"the card has no '{key}'")


def test_a_loaded_card_without_a_command_names_none(tmp_path):
    save(tmp_path)
    reseal(tmp_path, lambda content: content["card"].pop("command"))
    error = loading(tmp_path, "the card has no 'command'")
    assert error.endswith("Install the companion again")


@pytest.mark.parametrize("key", ["card", "weights", "words"])
def test_a_sealed_file_of_another_kind_is_refused(tmp_path, key):
    save(tmp_path)
    reseal(tmp_path, lambda content: content.pop(key))
    loading(tmp_path, f"tiny.json has no '{key}'; it needs card, weights, words")


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"height": 2}, "config does not fit companion._fake.Fake: .*'height'"),
        ({"width": 0}, "config does not fit companion._fake.Fake: width is 1 or more"),
    ],
)
def test_a_config_that_the_class_refuses_is_refused(tmp_path, config, match):
    save(tmp_path)
    reseal(tmp_path, lambda content: content["card"]["config"].update(config))
    assert AGAIN in loading(tmp_path, match)


def test_weights_of_another_width_are_refused(tmp_path):
    save(tmp_path)
    reseal(tmp_path, lambda content: content["card"]["config"].update(width=4))
    match = (
        r"do not fit Fake: 'table.weight' is float of shape \(5, 3\), "
        r"expected is float of shape \(5, 4\)"
    )
    assert AGAIN in loading(tmp_path, match)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.pop("output.bias"), "'output.bias' is missing"),
        (lambda t: t.update(more=torch.ones(1)), "'more' is .*no such tensor"),
        (
            lambda t: t.update(steps=t["steps"].half()),
            r"'steps' is float .*expected is torch.int64",
        ),
        # Tied in the model: a second matrix would win over the first, unnoticed.
        (
            lambda t: t.update({"output.weight": torch.ones(5, 3)}),
            "'output.weight' is .*no such tensor",
        ),
    ],
)
def test_weights_that_are_not_just_those_of_the_model_are_refused(
    tmp_path, change, match
):
    save(tmp_path)
    replace_weights(tmp_path, change)
    assert AGAIN in loading(tmp_path, match)


def test_weights_without_the_matrix_of_a_model_that_is_not_tied_are_refused(tmp_path):
    save(tmp_path)
    other = "companion._fake.Untied"
    reseal(tmp_path, lambda content: content["card"].update(model=other))
    loading(tmp_path, "do not fit Untied: 'output.weight' is missing")


def test_every_error_is_a_value_error():
    assert issubclass(PretrainedError, ValueError)


# All or nothing


def fail_at(monkeypatch, suffix, error=OSError):
    """Let the file of that suffix never be put into its place."""
    replace = os.replace

    def failing(source, target):
        if Path(target).suffix == suffix:
            raise error("disk full")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interrupted_save_leaves_nothing(tmp_path, monkeypatch, suffix):
    fail_at(monkeypatch, suffix)
    with pytest.raises(OSError, match="disk full"):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interrupted_save_leaves_what_was_there(
    tmp_path, monkeypatch, suffix, error
):
    save(tmp_path, make_model(seed=1))
    before = contents(tmp_path)
    fail_once = []

    def failing(source, target, replace=os.replace):
        if Path(target).suffix == suffix and not fail_once:
            fail_once.append(target)
            raise error("interrupted")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(error, match="interrupted"):
        save(tmp_path, make_model(seed=2), card=make_card(limits=["It is another."]))
    assert contents(tmp_path) == before
    pretrained.load("tiny", tmp_path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_save_interrupted_just_after_a_file_was_placed_takes_it_back(
    tmp_path, monkeypatch, suffix
):
    save(tmp_path, make_model(seed=1))
    before = contents(tmp_path)

    def interrupted(source, target, replace=os.replace):
        replace(source, target)
        if Path(target).suffix == suffix and Path(source).suffix == suffix:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, make_model(seed=2), card=make_card(limits=["It is another."]))
    assert contents(tmp_path) == before


def test_a_target_that_stays_locked_does_not_keep_the_others_from_going_back(
    tmp_path, monkeypatch
):
    save(tmp_path, make_model(seed=1))
    before = contents(tmp_path)
    fail_at(monkeypatch, ".json")
    with pytest.raises(OSError, match="disk full"):
        save(tmp_path, make_model(seed=2), card=make_card(limits=["It is another."]))
    assert contents(tmp_path) == before


def test_a_disk_that_is_full_before_anything_is_placed_leaves_nothing(
    tmp_path, monkeypatch
):
    def full(self, content):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_save_leaves_what_was_there(tmp_path):
    save(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="stands twice"):
        save(tmp_path, make_model(seed=2), words=["a", "a"])
    assert contents(tmp_path) == before


def test_saving_again_replaces_the_three_files(tmp_path):
    save(tmp_path, make_model(seed=1))
    before = contents(tmp_path)
    model = make_model(seed=2)
    save(tmp_path, model, card=make_card(limits=["It is another."]))
    after = contents(tmp_path)
    assert sorted(after) == sorted(before)
    assert all(after[name] != before[name] for name in before)
    loaded = pretrained.load("tiny", tmp_path).model
    assert torch.equal(loaded.table.weight, model.table.weight.half().float())


# What the package ships


def test_shipped_checkpoints_can_be_loaded_and_weigh_no_more_than_they_may():
    shipped = [p for p in pretrained.FOLDER.iterdir() if p.suffix in SUFFIXES]
    assert sum(path.stat().st_size for path in shipped) <= SHIPPED_BYTES
    expected = [f"{n}{suffix}" for n in pretrained.names() for suffix in SUFFIXES]
    assert sorted(path.name for path in shipped) == sorted(expected)
    for name in pretrained.names():
        card = pretrained.load(name).card
        text = (pretrained.FOLDER / f"{name}.md").read_text(encoding="utf-8")
        assert text == pretrained.markdown(name, card)


def of_the_book(words):
    """Return the arguments that save a net of five words."""
    model = nnlm.NNLM(nnlm.Config(5, width=2, hidden=3))
    config = dataclasses.asdict(model.config)
    card = make_card(model="companion.nnlm.NNLM", config=config)
    return {"model": model, "card": card, "words": words}


@pytest.mark.parametrize("words", [WORDS[:3], [*WORDS, "more"], []])
def test_a_model_of_five_words_is_not_kept_with_others(tmp_path, words):
    match = f"{len(words)} words do not fit a model of 5 words"
    refuses(tmp_path, match, **of_the_book(words))


def test_words_may_come_one_by_one(tmp_path):
    save(tmp_path, **of_the_book(word for word in WORDS))
    assert pretrained.load("tiny", tmp_path).vocabulary.words == tuple(WORDS)


def test_a_loaded_model_is_shown_without_its_words(tmp_path):
    save(tmp_path, **of_the_book(WORDS))
    shown = repr(pretrained.load("tiny", tmp_path))
    assert "NNLM" in shown
    assert "ferry" not in shown
