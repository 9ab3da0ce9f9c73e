"""Somebody else's parameters: a trained model, loaded by its name.

Chapter 3 on. A checkpoint NAME is three files beside this module: `NAME.safetensors`,
the weights in fp16; `NAME.json`, the card and the vocabulary, sealed by digests; and
`NAME.md`, the card for people. Nothing is unpickled, so nothing in them can run.
"""

import dataclasses
import hashlib
import importlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from companion.records import plain
from companion.text import Vocabulary

__all__ = [
    "Pretrained",
    "PretrainedError",
    "describe",
    "load",
    "markdown",
    "names",
    "save",
]

FOLDER = Path(__file__).parent
CARD = {
    "model": str,
    "config": dict,
    "trained_on": list,
    "command": str,
    "numbers": dict,
    "limits": list,
}
CORPUS = {"name": str, "licence": str, "tokens": int}
FILE = {"card": dict, "weights": dict, "words": list}


class PretrainedError(ValueError):
    """A checkpoint is unknown, damaged, incomplete, or does not fit its model."""


@dataclass(frozen=True)
class Pretrained:
    """A trained model, and what goes with it.

    Attributes:
        model: In eval mode, its weights float32 with the precision of fp16.
        vocabulary: The words whose ids the model reads.
        card: What `save` was given: model, config, trained_on, command, numbers,
            limits.
    """

    model: nn.Module
    vocabulary: Vocabulary = field(repr=False)  # thousands of words
    card: dict = field(repr=False)


def save(
    model: nn.Module,
    name: str,
    *,
    words: Sequence[str],
    card: Mapping[str, Any],
    rare: str | None = None,
    folder: Path = FOLDER,
) -> None:
    """Write a checkpoint, its three files or none; one of that name is replaced.

    What `load` would refuse is refused here. Weights are rounded to fp16, integer and
    boolean buffers are kept as they are.

    Args:
        model: A model of the book: its class has the attribute `Config`, a dataclass,
            takes one as its only argument and keeps it as `config`.
        name: Lower-case letters, digits and _.
        words: The vocabulary, V words; a word's id is its place.
        card: Plain values: "model", the dotted name of the class; "config", a dict of
            the fields of `model.config`; "trained_on", a list of {"name", "licence",
            "tokens"}; "command", which makes the checkpoint; "numbers", a dict;
            "limits", a list of sentences.
        rare: The word that stands for all unknown ones, None if there is none.
        folder: Where to; it must be there. Beside this module by default.

    Raises:
        ValueError: The name, the words or the card are not as above, the card is not
            this model's, or a weight is not finite or overflows in fp16.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"a name is lower-case letters, digits and _, not {name!r}")
    card = plain(card, "card")
    _check_card(card)
    words = words if isinstance(words, str) else list(words)
    size = getattr(model.config, "vocabulary_size", len(words))
    if len(words) != size:
        raise ValueError(f"{len(words)} words do not fit a model of {size} words")
    made, own = _build(card), model.state_dict(keep_vars=True)
    if type(made) is not type(model) or made.config != model.config:
        raise ValueError(
            f"the card's model is {type(made).__name__} with {made.config}, "
            f"not {type(model).__name__} with {model.config}"
        )
    # Once only where a tensor has two names: tied weights are not stored twice.
    owners = dict.fromkeys(_owners(model).values())
    tensors = {owner: _half(own[owner], owner) for owner in owners}
    _fill(made, tensors)
    # One key only: safetensors writes several in an order that changes between runs,
    # and the file's SHA-256 with it.
    weights = safetensors.torch.save(tensors, {"card": _json(card)})
    _place(
        {
            Path(folder, f"{name}.safetensors"): weights,
            Path(folder, f"{name}.md"): markdown(name, card).encode(),
            # Last: what has no card is no checkpoint.
            Path(folder, f"{name}.json"): _seal(card, words, rare, weights),
        }
    )


def load(name: str, folder: Path = FOLDER) -> Pretrained:
    """Return a checkpoint's model, ready to use, with its vocabulary and its card.

    The caller's random numbers are left as they were.

    Args:
        name: One of `names(folder)`.
        folder: Where from; beside this module by default.

    Raises:
        PretrainedError: There is none of that name, a file is missing, damaged or
            incomplete, or the weights do not fit the model.
    """
    content = _read(name, folder)
    card = content["card"]
    try:
        weights = _read_weights(Path(folder, f"{name}.safetensors"), content["weights"])
        model = _build(card)
        _fill(model, safetensors.torch.load(weights))
        vocabulary = Vocabulary(tuple(content["words"]), content.get("rare"))
    except ValueError as error:
        raise _unusable(name, error, card) from error
    return Pretrained(model.float().eval(), vocabulary, card)


def names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the checkpoints in a folder, sorted."""
    return sorted(path.stem for path in Path(folder).glob("*.json"))


def describe(name: str, folder: Path = FOLDER) -> str:
    """Return a few lines on a checkpoint: model, size, texts, numbers, command.

    Raises:
        PretrainedError: As `load`; the weights are not looked at.
    """
    content = _read(name, folder)
    card = content["card"]
    lines = [
        f"{name}: {card['model']}, {len(content['words']):,} words, "
        f"{content['weights']['bytes'] / 1e6:.1f} MB",
        "trained on:",
        *(f"- {_corpus(corpus)}" for corpus in card["trained_on"]),
        "numbers:",
        *_bullets(card["numbers"]),
        f"made by: {card['command']}",
    ]
    return "\n".join(lines)


def markdown(name: str, card: Mapping[str, Any]) -> str:
    """Return a checkpoint's card for people, as Markdown.

    Args:
        name: The checkpoint's name.
        card: As `save` takes it.
    """
    exact = {field: repr(value) for field, value in card["config"].items()}
    lines = [
        f"# {name}",
        "\n## What it is\n",
        f'`companion.pretrained.load("{name}")` gives a trained `{card["model"]}`, '
        f"its weights rounded to fp16, with this configuration:\n",
        *_bullets(exact),
        "\n## Trained on\n",
        *(f"- {_corpus(corpus)}" for corpus in card["trained_on"]),
        "\n## Numbers\n",
        *_bullets(card["numbers"]),
        "\n## Make it again\n",
        f"```bash\n{card['command']}\n```",
        "\n## Limits\n",
        *(f"- {sentence}" for sentence in card["limits"]),
    ]
    return "\n".join(lines) + "\n"


def _bullets(values: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return a list item for each value, lists of their own for dicts."""
    lines = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}- {key}:", *_bullets(value, f"{indent}  ")]
        else:
            lines.append(f"{indent}- {key}: {_shown(value)}")
    return lines


def _shown(value: Any) -> str:
    """Return a number as people read it, and anything else as it is."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _corpus(corpus: Mapping[str, Any]) -> str:
    return f"{corpus['name']}: {corpus['tokens']:,} tokens ({corpus['licence']})"


def _check_card(card: Mapping[str, Any]) -> None:
    """Raise ValueError unless a card says all that it must."""
    _check_keys(card, CARD, "the card")
    for i, corpus in enumerate(card["trained_on"]):
        _check_keys(corpus, CORPUS, f"the card's trained_on[{i}]")
    try:
        _json(card)
    except ValueError as error:
        raise ValueError(f"all numbers must be finite, not so in {card}") from error


def _check_keys(value: Any, shape: dict[str, type], where: str) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} is {value!r}; a dict is expected")
    for key, kind in shape.items():
        if key not in value:
            raise ValueError(f"{where} has no {key!r}; it needs {', '.join(shape)}")
        if not isinstance(value[key], kind):
            raise ValueError(
                f"{where}: {key!r} is {value[key]!r}; a {kind.__name__} is expected"
            )


def _seal(card: dict, words: Sequence[str], rare: str | None, weights: bytes) -> bytes:
    """Return `NAME.json`; ValueError if the words are no vocabulary."""
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"words must be a list of strings, not {words!r:.80}")
    content = {
        "card": card,
        "weights": {"sha256": _sha256(weights), "bytes": len(weights)},
        "rare": rare,
        "words": list(Vocabulary(tuple(words), rare).words),
    }
    content["digest"] = _sha256(_json(content).encode())
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _half(tensor: Tensor, name: str) -> Tensor:
    """Return a tensor as it is stored: floats in fp16, the rest unchanged."""
    # A copy each: safetensors refuses tensors that share memory.
    tensor = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    if not tensor.is_floating_point():
        return tensor
    if not tensor.isfinite().all():
        raise ValueError(f"the weights {name!r} are not finite")
    half = tensor.half()
    if not half.isfinite().all():
        raise ValueError(
            f"the weights {name!r} reach {tensor.abs().max():g}; fp16 holds 65504"
        )
    return half


def _owners(model: nn.Module) -> dict[str, str]:
    """Return for each tensor's name the first name of the same, shared, tensor."""
    first: dict[int, str] = {}
    own = model.state_dict(keep_vars=True)  # the tensors themselves, not copies
    return {name: first.setdefault(id(tensor), name) for name, tensor in own.items()}


def _fill(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give a model these weights; ValueError if they are not just what it needs."""
    own, owners = model.state_dict(), _owners(model)
    wanted = {owner: _form(own[owner]) for owner in owners.values()}
    found = {name: _form(tensor) for name, tensor in tensors.items()}
    for name in wanted | found:
        if wanted.get(name) != found.get(name):
            raise ValueError(
                f"the weights do not fit {type(model).__name__}: {name!r} is "
                f"{found.get(name, 'missing')}, expected is "
                f"{wanted.get(name, 'no such tensor')}"
            )
    model.load_state_dict({name: tensors[owner] for name, owner in owners.items()})


def _form(tensor: Tensor) -> str:
    """Return what must agree of a stored and a model's tensor."""
    kind = "float" if tensor.is_floating_point() else str(tensor.dtype)
    return f"{kind} of shape {tuple(tensor.shape)}"


def _build(card: Mapping[str, Any]) -> nn.Module:
    """Return an untrained model of a card's class and config."""
    module, _, name = card["model"].rpartition(".")
    # The name comes out of a file: no code but the book's own is imported for it.
    if not re.fullmatch(r"companion(\.\w+)+", module):
        raise ValueError(f"the model {card['model']!r} is no class of the companion")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"there is no model {card['model']!r}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise ValueError(f"{card['model']!r} is no torch.nn.Module")
    if not dataclasses.is_dataclass(getattr(kind, "Config", None)):
        raise ValueError(f"{card['model']!r} has no dataclass `Config`")
    try:
        config = kind.Config(**_tuples(card["config"]))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the config does not fit {card['model']}: {error}") from error
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn in vain
        return kind(config)


def _tuples(value: Any) -> Any:
    """Return a config's values with tuples, which JSON does not know, for lists."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _read(name: str, folder: Path) -> dict[str, Any]:
    """Return what `NAME.json` holds, its seal and its card checked."""
    if name not in names(folder):
        there = ", ".join(names(folder)) or "none"
        raise PretrainedError(
            f"no checkpoint {name!r}; there are: {there}. Choose one of them, or "
            f"install the companion again if it should be there"
        )
    try:
        content = json.loads(Path(folder, f"{name}.json").read_bytes())
        sealed = content.pop("digest") == _sha256(_json(content).encode())
    except (ValueError, KeyError, AttributeError, TypeError):
        sealed = False
    if not sealed:
        fault = f"{name}.json was cut short, or changed after it was written"
        raise _unusable(name, fault, {})
    try:
        _check_keys(content, FILE, f"{name}.json")
        _check_card(content["card"])
    except ValueError as error:
        raise _unusable(name, error, content.get("card", {})) from error
    return content


def _read_weights(path: Path, seal: Mapping[str, Any]) -> bytes:
    """Return the bytes of a file of weights; ValueError if it is not as written."""
    if not path.exists():
        raise ValueError(f"{path.name} is missing")
    weights = path.read_bytes()
    if _sha256(weights) != seal["sha256"]:
        raise ValueError(
            f"{path.name} is damaged or cut short: its SHA-256 does not fit the card, "
            f"and it has {len(weights):,} of {seal['bytes']:,} bytes"
        )
    return weights


def _unusable(name: str, fault: object, card: Mapping) -> PretrainedError:
    """Return the error that says what is wrong with a checkpoint and what to do."""
    again = f", or make it again: {card['command']}" if "command" in card else ""
    return PretrainedError(
        f"the checkpoint {name!r} cannot be used: {fault}. "
        f"Install the companion again{again}"
    )


def _json(content: Mapping[str, Any]) -> str:
    """Return the one text that stands for a content whatever its keys' order."""
    return json.dumps(content, sort_keys=True, allow_nan=False)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _place(contents: Mapping[Path, bytes]) -> None:
    """Write files of one folder: all of them, or the folder stays as it was."""
    folder = next(iter(contents)).parent
    with tempfile.TemporaryDirectory(dir=folder, suffix=".tmp") as aside:
        for path, content in contents.items():
            Path(aside, path.name).write_bytes(content)
            if path.exists():
                shutil.copyfile(path, Path(aside, f"{path.name}.before"))
        placed = []
        try:
            for path in contents:
                placed.append(path)
                os.replace(Path(aside, path.name), path)
        except BaseException:
            for path in placed:
                before = Path(aside, f"{path.name}.before")
                if before.exists():
                    os.replace(before, path)
                else:
                    path.unlink(missing_ok=True)
            raise
