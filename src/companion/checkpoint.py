"""What a training keeps on disk: its checkpoint, its best weights, its log.

Chapter 3 on, behind `companion.train`. A checkpoint holds all that the next step
depends on. Files are written beside their places and renamed, so that no reader meets
half a file; each is sealed with a SHA-256, and a damaged one, or one of another
training, is refused before anything changes.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

CHECKPOINT, BEST, LOG = "checkpoint.safetensors", "best.safetensors", "log.json"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW keeps for a parameter


class CheckpointError(ValueError):
    """A checkpoint is damaged, or is of another training than the one asked for."""


@dataclass
class Progress:
    """How far a training has come, in plain values."""

    step: int = 0
    best: float | None = None
    waiting: int = 0  # validations since the best one
    log: list[dict] = field(default_factory=list)


class Run(Protocol):
    """A training that can be kept: what its steps change, and what it is.

    Attributes:
        model: The model in training.
        optimiser: AdamW over its parameters.
        scaler: Scales the loss where half precision needs it.
        generators: PyTorch's random numbers that the training draws, by device type.
        identity: What tells this training from another, plain values by name.
        progress: How far it has come.
        best_weights: The model's tensors at the best validation; empty before any.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    generators: dict[str, torch.Generator]
    identity: dict
    progress: Progress
    best_weights: dict[str, Tensor]


def tensors_of(model: nn.Module) -> dict[str, Tensor]:
    """Return the model's own tensors by name, shared ones once, under the first."""
    once = {}
    for name, tensor in model.state_dict().items():
        place = tensor.data_ptr(), tensor.shape, tensor.stride()
        once.setdefault(place, (name, tensor))
    return dict(once.values())


def shapes(weights: dict[str, Tensor]) -> dict[str, str]:
    """Return what must agree of two models' tensors: shape and dtype, by name."""
    return {f"model.{k}": f"{tuple(w.shape)} {w.dtype}" for k, w in weights.items()}


def copied(tensor: Tensor) -> Tensor:
    """Return a copy on the CPU, contiguous and without a gradient."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def pour(weights: dict[str, Tensor], model: nn.Module) -> None:
    """Write tensors, one for each of `tensors_of(model)`, over the model's own."""
    for name, tensor in tensors_of(model).items():
        tensor.copy_(weights[name])


def digest(tensors: dict[str, Tensor], text: str = "") -> str:
    """Return a SHA-256 of tensors, their names, and a text."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = copied(tensors[name])
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def prepare(folder: Path) -> None:
    """Make the folder, and see that it can be written to.

    Raises:
        OSError: It cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f"{LOG}.tmp"
    try:
        trial.write_bytes(b"")
    finally:
        trial.unlink(missing_ok=True)


def save(run: Run, folder: Path) -> None:
    """Write best weights, log and checkpoint; the checkpoint last, for it counts.

    Args:
        run: The training.
        folder: Where to; it is there.

    Raises:
        OSError: The folder cannot be written to; what was there is as before.
    """
    progress = run.progress
    if progress.best is not None and progress.waiting == 0:
        about = {"step": progress.step, "validation": progress.best}
        about["training"] = _name(run)
        _write_tensors(folder / BEST, run.best_weights, about)
    text = json.dumps(progress.log, indent=1, allow_nan=False)
    _write(folder / LOG, text.encode())
    tensors = {f"model.{name}": t for name, t in tensors_of(run.model).items()}
    for name, parameter in run.model.named_parameters():
        for key, tensor in run.optimiser.state.get(parameter, {}).items():
            tensors[f"{key}.{name}"] = tensor
    for kind, generator in run.generators.items():
        tensors[f"random.{kind}"] = generator.get_state()
    about = {"identity": run.identity, "progress": asdict(progress)}
    about["scaler"] = run.scaler.state_dict()
    _write_tensors(folder / CHECKPOINT, tensors, about)


def resume(run: Run, folder: Path) -> None:
    """Bring a training to where its checkpoint was written.

    Args:
        run: The training; it stays as it is if an error is raised.
        folder: Where its checkpoint is.

    Raises:
        CheckpointError: The checkpoint, or the best weights beside it, are damaged or
            of another training.
    """
    about, tensors = _read(folder / CHECKPOINT, {"identity", "progress", "scaler"})
    _compare(about["identity"], run.identity, folder / CHECKPOINT)
    best: dict[str, Tensor] = {}
    if about["progress"]["best"] is not None:
        beside, best = _read(folder / BEST, {"training"})
        here = shapes(tensors_of(run.model)) | {"training": _name(run)}
        _compare(shapes(best) | {"training": beside["training"]}, here, folder / BEST)
    # Nothing is changed before all is found to be right.
    run.best_weights = best
    run.progress = Progress(**about["progress"])
    run.scaler.load_state_dict(about["scaler"])
    pour({name: tensors[f"model.{name}"] for name in tensors_of(run.model)}, run.model)
    for name, parameter in run.model.named_parameters():
        for key in MOMENTS:
            if (tensor := tensors.get(f"{key}.{name}")) is not None:
                run.optimiser.state[parameter][key] = tensor.to(parameter.device)
    for kind, generator in run.generators.items():
        generator.set_state(tensors[f"random.{kind}"])


def _compare(there: dict, here: dict, path: Path) -> None:
    """Raise CheckpointError unless two trainings are the same."""
    differ = [
        f"{key} is {there.get(key)!r} in the checkpoint and {here.get(key)!r} now"
        for key in dict.fromkeys([*there, *here])
        if there.get(key) != here.get(key)
    ]
    if differ:
        more = f"; and {len(differ) - 3} more" if len(differ) > 3 else ""
        raise CheckpointError(
            f"{path} is of another training: {'; '.join(differ[:3])}{more}. Train with "
            f"what the checkpoint says, or delete {CHECKPOINT} to start anew"
        )


def _read(path: Path, keys: set[str]) -> tuple[dict, dict[str, Tensor]]:
    """Return what stands beside the tensors of a file, and copies of these."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["companion"])
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}
        if missing := keys - set(about):
            raise ValueError(f"it does not say its {', '.join(sorted(missing))}")
        seal = about.pop("sha256", None)
        if seal != digest(tensors, _text(about)):
            raise ValueError("its content does not fit its SHA-256")
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged or no checkpoint of this loop ({type(error).__name__}: "
            f"{error}); delete {CHECKPOINT} in its folder to train from the start"
        ) from None
    return about, tensors


def _name(run: Run) -> str:
    """Return a short name of a training, for what is kept beside its checkpoint."""
    return hashlib.sha256(_text(run.identity).encode()).hexdigest()[:16]


def _text(about: dict) -> str:
    return json.dumps(about, allow_nan=False)


def _write_tensors(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    tensors = {name: copied(tensor) for name, tensor in tensors.items()}
    about = {**about, "sha256": digest(tensors, _text(about))}
    metadata = {"companion": _text(about)}
    _write(path, safetensors.torch.save(tensors, metadata))


def _write(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: nobody sees half a file."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
