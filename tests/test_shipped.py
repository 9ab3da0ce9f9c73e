"""What makes the shipped checkpoints, and what every one of them must be."""

import hashlib
import json
import math
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from companion import lab, nnlm, pretrained
from companion.experiments import ngram_lab, nnlm_lab, shipped

NON_COMMERCIAL = re.compile(r"\bNC\b|non.?commercial", re.IGNORECASE)
SCORED = 4  # of the test stories
DOCUMENTS = {"train": 20, "valid": 3, "test": 6}
NET = {"order": 4, "width": 3, "hidden": 2, "dropout": 0.1}


@pytest.fixture(scope="module")
def small():
    """Make the lab small, and the nets, and how long they train."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two would wait for each other at every small step
    with pytest.MonkeyPatch.context() as patch:
        for name, value in DOCUMENTS.items():
            patch.setitem(ngram_lab.DOCUMENTS, name, value)
        for module in (nnlm_lab, shipped):
            patch.setattr(module, "SCORED", SCORED)
        for name, value in {"NET": NET, "EPOCHS": 2, "COMMON": 1}.items():
            patch.setattr(nnlm_lab, name, value)
        nnlm_lab.world.cache_clear()
        yield
    nnlm_lab.world.cache_clear()
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    """Return what the maker wrote, the net as the lab trains it, and its texts."""
    folder = tmp_path_factory.mktemp("made")
    shipped.nnlm_millbrook(folder)
    parts = ngram_lab.corpora(0)
    split = ngram_lab.encoded(parts)
    scored = [token for d in parts["test"].documents[:SCORED] for token in d.tokens]
    return SimpleNamespace(
        folder=folder,
        loaded=pretrained.load("nnlm_millbrook", folder),
        net=nnlm_lab.trained(split, 0)[0],
        split=split,
        scored=split.vocabulary.encode(scored),
    )


def faults(folder):
    """Return what is wrong with the checkpoints of a folder, a line each."""
    found = []
    for name in pretrained.names(folder):
        card = pretrained.load(name, folder).card
        if name not in shipped.MAKERS:
            found.append(f"{name} has no maker")
        if card["command"] != f"companion pretrain {name}":
            found.append(f"{name} is made by {card['command']}")
        for corpus in card["trained_on"]:
            if NON_COMMERCIAL.search(corpus["licence"]):
                found.append(f"{name} rests on {corpus['name']}: {corpus['licence']}")
    return found


def change_card(folder, name, change):
    """Change a checkpoint's card as if it had been written so."""
    path = folder / f"{name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content.pop("digest")
    change(content["card"])
    text = json.dumps(content, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(content | {"digest": digest}), encoding="utf-8")


# The net of Millbrook


def test_the_weights_are_those_that_the_lab_trains_rounded_to_16_bits(made):
    found, expected = made.loaded.model.state_dict(), made.net.state_dict()
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor.half().float()), name


def test_rounding_hardly_changes_what_the_net_says_of_a_text(made):
    before = nnlm.score(made.net, made.scored)
    after = nnlm.score(made.loaded.model, made.scored)
    # All weights are below 1 here: fp16 moves none by more than 1 / 4096.
    assert max(tensor.abs().max() for tensor in made.net.parameters()) < 1
    np.testing.assert_allclose(after, before, rtol=0, atol=4 / 4096)


def test_the_card_has_what_the_loaded_net_pays(made):
    numbers = made.loaded.card["numbers"]
    texts = {"validation": made.split.valid, "4 test stories": made.scored}
    assert list(numbers["nats per token"]) == list(texts)
    for name, ids in texts.items():
        nats = -nnlm.score(made.loaded.model, ids).mean()
        assert numbers["nats per token"][name] == pytest.approx(nats, rel=1e-9)
        assert numbers["perplexity"][name] == pytest.approx(math.exp(nats), rel=1e-9)


def test_the_card_agrees_with_what_the_experiment_records_of_seed_0(made):
    record = nnlm_lab.net(0)
    numbers = made.loaded.card["numbers"]
    nats = {"validation": min(record["valid"]), "4 test stories": record["alone"]}
    assert numbers["nats per token"] == pytest.approx(nats, abs=1e-4)
    assert numbers["parameters"] == record["parameters"]


def test_the_card_says_what_the_net_is_and_what_it_has_read(made):
    card, size = made.loaded.card, len(lab.vocabulary())
    assert card["model"] == "companion.nnlm.NNLM"
    assert nnlm.Config(**card["config"]) == nnlm.Config(size, **NET)
    # Vectors of 3 words of 3 numbers, and one for no word, reach 2 hidden units.
    parameters = (size + 1) * 3 + (3 * 3 + 1) * 2 + (2 + 1) * size
    assert card["numbers"]["parameters"] == parameters
    (corpus,) = card["trained_on"]
    assert corpus["name"] == "Millbrook, 20 stories of seed 0"
    assert corpus["licence"].startswith("MIT")
    assert corpus["tokens"] == len(lab.Corpus(lab.sample(29, 0).documents[:20]).tokens)
    assert any("the last 3 words" in sentence for sentence in card["limits"])


def test_the_words_are_those_of_millbrook(made):
    assert made.loaded.vocabulary == lab.vocabulary()


# Every checkpoint


@pytest.mark.parametrize("name", shipped.MAKERS)
def test_a_maker_writes_the_checkpoint_of_its_name_in_the_package(name, made, tmp_path):
    maker = shipped.MAKERS[name]
    assert maker.__defaults__ == (pretrained.FOLDER,)
    maker(tmp_path)
    assert pretrained.names(tmp_path) == [name]
    assert faults(tmp_path) == []


def test_a_checkpoint_made_again_is_the_same_to_the_byte(made, tmp_path):
    shipped.nnlm_millbrook(tmp_path)
    for path in made.folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_the_checkpoints_that_ship_have_makers_and_free_texts():
    assert faults(pretrained.FOLDER) == []


@pytest.mark.parametrize(
    "licence",
    ["CC BY-NC 4.0", "May be used for non-commercial purposes.", "Noncommercial use"],
)
def test_a_text_that_not_all_may_use_would_be_found(licence, made, tmp_path):
    shutil.copytree(made.folder, tmp_path, dirs_exist_ok=True)
    free = {"name": "Moby Dick", "licence": "public domain", "tokens": 1}
    other = {"name": "Other", "licence": licence, "tokens": 1}
    change_card(
        tmp_path, "nnlm_millbrook", lambda card: card.update(trained_on=[free, other])
    )
    assert faults(tmp_path) == [f"nnlm_millbrook rests on Other: {licence}"]


def test_a_checkpoint_that_nobody_can_make_again_would_be_found(made, tmp_path):
    for suffix in ("json", "md", "safetensors"):
        source = made.folder / f"nnlm_millbrook.{suffix}"
        shutil.copy(source, tmp_path / f"stray.{suffix}")
    assert faults(tmp_path) == [
        "stray has no maker",
        "stray is made by companion pretrain nnlm_millbrook",
    ]


# How large they may be


def exempt(text, pattern):
    """Return what the only line of a file that fits a pattern lets through."""
    (found,) = re.findall(pattern, text, re.MULTILINE)
    return found


def test_only_weights_may_be_larger_than_other_files(root):
    hooks = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    place = "src/companion/pretrained/"
    hook = re.compile(exempt(hooks, r"^ +exclude: (\S+)"))
    assert hook.search(f"{place}gpt.safetensors")
    for other in ("gpt.json", "old/gpt.safetensors", "gpt.safetensors.zip"):
        assert not hook.search(f"{place}{other}")
    assert not hook.search("tests/src/companion/pretrained/gpt.safetensors")
    assert exempt(makefile, r":\(exclude,glob\)(\S+)'") == f"{place}*.safetensors"
    (line,) = re.findall(r".*check-added-large-files.*", makefile)
    assert "$(NO_WEIGHTS)" in line
    assert line.endswith("--maxkb=500")
