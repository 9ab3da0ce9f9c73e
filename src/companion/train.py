"""The one training loop: batches in random order, AdamW, a schedule, checkpoints.

Chapter 3 on; word2vec says why it differs. A model brings its loss and its examples,
and everything else is here, once. Each entry of the log leaves a checkpoint of all that
the next step depends on, so a training that was interrupted and goes on ends with the
same bits as one that was not, on the same machine with as many threads. Axes: N
examples, B of a batch.

Sources: AdamW, [loshchilov2019decoupled]; the cosine, [loshchilov2017sgdr]; clipping,
[pascanu2013difficulty]; training in 16 bits, [micikevicius2018mixed].
"""

import hashlib
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from companion.checkpoint import (
    CHECKPOINT,
    CheckpointError,
    Progress,
    copied,
    digest,
    pour,
    prepare,
    resume,
    save,
    shapes,
    tensors_of,
)
from companion.text import batches

__all__ = ["CheckpointError", "Config", "device", "learning_rate", "train"]

PRECISIONS = ("float32", "bfloat16", "float16")
ENTRIES = 20  # of a log, where no validation sets its pace
LEAST = dict(steps=1, batch_size=1, warmup=0, evaluate_every=0, patience=0, seed=0)
ONE_VALIDATION = "0 where evaluate_every is 0, for then there is but one validation"

Batch = Tensor | tuple[Tensor, ...]


class Examples(Protocol):
    """N examples, and a batch of those with the given numbers, int, shape (B,)."""

    def __len__(self) -> int: ...
    def __getitem__(self, indices: np.ndarray) -> Batch: ...


@dataclass(frozen=True)
class Config:
    """How to train.

    Attributes:
        steps: Steps of the optimiser.
        batch_size: B, examples a step; the last batch of an epoch has what is left.
        learning_rate: The schedule's peak, for AdamW with PyTorch's betas.
        warmup: Steps in which the learning rate rises to the peak.
        floor: The learning rate of the last step, as a share of the peak.
        weight_decay: Of AdamW. Biases, norms (whatever has fewer than two dimensions)
            and embeddings get none.
        epsilon: Of AdamW, which divides a step by the root of the gradient's mean
            square plus this. Parameters with gradients far below it move less than
            others, such as the vector of a word that comes once in a thousand batches.
        clip: Largest norm of the gradient; a longer one is scaled down to it.
        evaluate_every: Steps between validations; 0: one, at the end.
        patience: Validations in a row without improvement that end the training; 0:
            they never do.
        precision: Of the loss and what is computed for it, "float32", "bfloat16" or
            "float16" (CUDA alone); weights and optimiser keep theirs.
        seed: Draws the order of the examples, and what the model draws itself, such as
            dropout.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warmup: int = 0
    floor: float = 0.1
    weight_decay: float = 0.01
    epsilon: float = 1e-8
    clip: float = 1.0
    evaluate_every: int = 0
    patience: int = 0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what could not be trained with."""
        for name, least in LEAST.items():
            value = getattr(self, name)
            if type(value) is not int or value < least:
                self._refuse(name, f"a whole number, {least} or more")
        for name in ("learning_rate", "floor", "weight_decay", "epsilon", "clip"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                self._refuse(name, "a finite number, 0 or more")
        for name, fits, expected in (
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("epsilon", self.epsilon > 0, "above 0"),
            ("clip", self.clip > 0, "above 0"),
            ("floor", self.floor <= 1, "a share of the peak, 0 to 1"),
            ("warmup", self.warmup < self.steps, f"below the {self.steps} steps"),
            ("precision", self.precision in PRECISIONS, f"one of {PRECISIONS}"),
            ("patience", self.evaluate_every or not self.patience, ONE_VALIDATION),
        ):
            if not fits:
                self._refuse(name, expected)

    def _refuse(self, name: str, expected: str) -> None:
        raise ValueError(f"{name} must be {expected}, not {getattr(self, name)!r}")


def learning_rate(step: int, config: Config) -> float:
    """Return the learning rate of a step: a line up to the peak, then a cosine.

    Args:
        step: Which step, counted from 1; the last one is `config.steps`.
        config: Gives the peak, `warmup`, `floor` and `steps`.

    Raises:
        ValueError: There is no such step.

    Source:
        [loshchilov2017sgdr], equation 5, without restarts and with a warm-up.

    >>> config = Config(steps=6, batch_size=1, learning_rate=1.0, warmup=2, floor=0.0)
    >>> [round(learning_rate(step, config), 3) for step in range(1, 7)]
    [0.5, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    if not 1 <= step <= config.steps:
        raise ValueError(f"step must be in 1..{config.steps}, not {step}")
    if step <= config.warmup:
        return config.learning_rate * step / config.warmup
    done = (step - config.warmup) / (config.steps - config.warmup)
    above = (1 - config.floor) * (1 + math.cos(math.pi * done)) / 2
    return config.learning_rate * (config.floor + above)


def device() -> torch.device:
    """Return the GPU if PyTorch can use one through CUDA, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    model: nn.Module,
    loss: Callable[[nn.Module, Batch], Tensor],
    examples: Examples,
    config: Config,
    *,
    validate: Callable[[nn.Module], float] | None = None,
    folder: Path | str | None = None,
    on: torch.device | str = "cpu",
) -> list[dict]:
    """Train a model in place and return the log.

    The model ends in eval mode, with its best weights if there was a validation, else
    with its last. The caller's random numbers go on as if nothing had been drawn.

    Args:
        model: Moved to the device. Parameters may be shared; one without
            `requires_grad` stays as it is.
        loss: Returns a float tensor, shape (). What it draws must come from PyTorch's
            global generators: no other generator's state is kept in a checkpoint.
        examples: Whatever has a length, N, and gives a batch for an int array of
            shape (B,): a tensor or a tuple of tensors, which the loop moves.
        config: How to train.
        validate: Returns a number, the lower the better. It is called in eval mode,
            without gradients; what it draws does not change the training.
        folder: Where `log.json`, `checkpoint.safetensors` and `best.safetensors` are
            kept, at each entry of the log. If there is a checkpoint of this training,
            it goes on from there. None: nowhere.
        on: The device.

    Returns:
        An entry for each validation, or for every twentieth of the steps where
        `evaluate_every` or `validate` is missing, and always for the last step: "step",
        "loss" (mean of the steps since the last entry), "learning_rate", "validation"
        (where there was one) and "seconds" (of training so far, breaks left out).

    Raises:
        CheckpointError: `folder` holds a damaged checkpoint, or one of another config,
            model, first weights, device or examples. The loss is not compared.
        OSError: `folder` cannot be written to.
        ValueError: Loss, gradient or validation is not finite, there are no examples,
            or a callable returns what it should not.
    """
    if len(examples) == 0:
        raise ValueError("no examples: a training needs one or more")
    where = _place(on, config)
    folder = None if folder is None else Path(folder)
    with _own_random_numbers(where), _subnormals_as_zero():
        run = _Run(model.to(where), config, where)
        if folder is not None:
            prepare(folder)
            run.identity |= _identity(model, examples, validate, config)
            if (folder / CHECKPOINT).exists():
                resume(run, folder)
        _take_steps(run, loss, examples, validate, folder)
        if run.best_weights:
            pour(run.best_weights, model)
    model.eval()
    return run.progress.log


def _identity(model: nn.Module, examples: Examples, validate, config: Config) -> dict:
    """Return what, beside the config, tells one training from another."""
    batch = examples[next(_order(len(examples), config, 0))]
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    return {
        "examples": len(examples),
        "validation": validate is not None,
        "layers": hashlib.sha256(f"{model} {trained}".encode()).hexdigest()[:16],
        "first weights": digest(tensors_of(model))[:16],
        "first batch": digest(_tensors(batch))[:16],
    }


def _tensors(batch: Batch, name: str = "") -> dict[str, Tensor]:
    """Return the tensors of a batch by their places in it."""
    if not isinstance(batch, tuple):
        return {name: torch.as_tensor(batch)}
    parts = (_tensors(part, f"{name}.{i}") for i, part in enumerate(batch))
    return {place: tensor for part in parts for place, tensor in part.items()}


class _Run:
    """One training: what its steps change, and what tells it from another."""

    def __init__(self, model: nn.Module, config: Config, where: torch.device) -> None:
        self.model, self.config, self.where = model, config, where
        groups = _groups(model, config.weight_decay)
        self.optimiser = torch.optim.AdamW(groups, eps=config.epsilon, fused=True)
        scaled = config.precision == "float16"
        self.scaler = torch.amp.GradScaler(where.type, enabled=scaled)
        self.generators = _generators(where)
        # Not the seed itself: a caller who seeds the first weights with it would get
        # dropout from the very numbers that drew them.
        seed = int(np.random.SeedSequence(config.seed).generate_state(1)[0])
        for generator in self.generators.values():
            generator.manual_seed(seed)
        self.progress = Progress()
        self.best_weights: dict[str, Tensor] = {}
        self.identity = asdict(config) | {"device": where.type}
        self.identity |= shapes(tensors_of(model))

    @property
    def over(self) -> bool:
        """Whether all steps are made, or patience is at its end."""
        tired = 0 < self.config.patience <= self.progress.waiting
        return tired or self.progress.step == self.config.steps


def _take_steps(run, loss, examples, validate, folder) -> None:
    """Make the steps that are left, with an entry in the log now and then."""
    config, progress = run.config, run.progress
    pace = config.evaluate_every if validate else 0
    pace = pace or max(1, config.steps // ENTRIES)
    order = _order(len(examples), config, progress.step)
    began = time.monotonic() - (progress.log[-1]["seconds"] if progress.log else 0)
    losses = []
    run.model.train()
    hidden = not sys.stderr.isatty() or "ipykernel" in sys.modules
    with tqdm(total=config.steps, initial=progress.step, disable=hidden) as bar:
        while not run.over:
            batch = _moved(examples[next(order)], run.where)
            losses.append(_step(run, loss, batch))
            bar.update()
            if progress.step % pace == 0 or progress.step == config.steps:
                entry = {"step": progress.step, "loss": math.fsum(losses) / len(losses)}
                losses = []
                entry["learning_rate"] = learning_rate(progress.step, config)
                if validate and (config.evaluate_every or run.over):
                    entry["validation"] = _validate(run, validate)
                entry["seconds"] = round(time.monotonic() - began, 3)
                progress.log.append(entry)
                if folder is not None:
                    save(run, folder)


def _step(run: _Run, loss, batch: Batch) -> float:
    """Make the next step and return its loss."""
    config, optimiser, scaler = run.config, run.optimiser, run.scaler
    step = run.progress.step + 1
    rate = learning_rate(step, config)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    reduced = config.precision != "float32"
    with torch.autocast(run.where.type, getattr(torch, config.precision), reduced):
        value = loss(run.model, batch)
    if not isinstance(value, Tensor) or value.shape != ():
        found = tuple(value.shape) if isinstance(value, Tensor) else type(value)
        raise ValueError(f"loss must return a tensor of shape (), not {found}")
    when = f"at step {step}, learning rate {rate:g}"
    number = _finite(value.item(), f"the loss {when}")
    scaler.scale(value).backward()
    scaler.unscale_(optimiser)
    trained = [p for group in optimiser.param_groups for p in group["params"]]
    norm = nn.utils.clip_grad_norm_(trained, config.clip)
    if not scaler.is_enabled():  # the scaler itself leaves out a step that overflows
        _finite(norm.item(), f"the gradient's norm {when}")
    scaler.step(optimiser)
    scaler.update()
    run.progress.step = step
    return number


def _validate(run: _Run, validate) -> float:
    """Return the validation of the weights, which are kept if it is the best yet."""
    progress = run.progress
    run.model.eval()
    # A validation that seeds PyTorch, say, must not repeat the dropout that follows.
    with _own_random_numbers(run.where), torch.no_grad():
        value = float(validate(run.model))
    run.model.train()
    _finite(value, f"the validation at step {progress.step}")
    if progress.best is None or value < progress.best:
        progress.best, progress.waiting = value, 0
        run.best_weights = {k: copied(v) for k, v in tensors_of(run.model).items()}
    else:
        progress.waiting += 1
    return value


def _finite(value: float, what: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{what} is {value}; a finite number is expected")
    return value


def _order(number: int, config: Config, done: int) -> Iterator[np.ndarray]:
    """Yield batches of the numbers 0..N-1 for ever, from the one after `done` on."""
    first, skip = divmod(done, math.ceil(number / config.batch_size))
    for epoch in itertools.count(first):
        dealt = batches(number, config.batch_size, [config.seed, epoch])
        yield from itertools.islice(dealt, skip, None)
        skip = 0


def _moved(batch: Batch, where: torch.device) -> Batch:
    if isinstance(batch, tuple):
        return tuple(_moved(part, where) for part in batch)
    if not isinstance(batch, Tensor):
        found = type(batch).__name__
        raise ValueError(f"a batch must be a tensor or a tuple of them, not {found}")
    return batch.to(where)


def _groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Return the parameters to train in two groups: with weight decay and without."""
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    groups: dict[bool, list] = {True: [], False: []}
    for parameter in model.parameters():  # a shared one comes once
        if parameter.requires_grad:
            decays = parameter.ndim >= 2 and id(parameter) not in embeddings
            groups[decays].append(parameter)
    return [
        {"params": groups[True], "weight_decay": weight_decay},
        {"params": groups[False], "weight_decay": 0.0},
    ]


def _place(on: torch.device | str, config: Config) -> torch.device:
    where = torch.device(on)
    if where.type == "cuda" and where.index is None:
        where = torch.device("cuda", torch.cuda.current_device())
    if config.precision == "float16" and where.type != "cuda":
        raise ValueError(
            f"precision 'float16' needs a device of type cuda, not {where.type}: "
            f"train in 'bfloat16' or 'float32' there"
        )
    return where


def _generators(where: torch.device) -> dict[str, torch.Generator]:
    """Return PyTorch's global generators that a model on this device draws from."""
    found = {"cpu": torch.default_generator}
    if where.type == "cuda":
        torch.cuda.init()  # before it, there are no generators
        found["cuda"] = torch.cuda.default_generators[where.index]
    return found


def _own_random_numbers(where: torch.device):
    """Return a block at whose end the global generators are as they were before."""
    devices = [where.index] if where.type == "cuda" else []
    return torch.random.fork_rng(devices, device_type="cuda")


@contextmanager
def _subnormals_as_zero() -> Iterator[None]:
    """Let this thread take floats nearest to zero for zero, and then as before.

    They are handled far more slowly than others on x86 and count for nothing. Threads
    that PyTorch starts inside the block do so for good, those started before do not.
    """
    tiny = torch.tensor(1e-39, dtype=torch.float32)
    before = (tiny * 1).item() == 0  # no function tells
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
