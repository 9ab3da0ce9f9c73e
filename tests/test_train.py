"""The training loop: what it computes, keeps, restores and refuses."""

import io
import json
import math
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, load_model, save_file
from torch import nn
from torch.nn import functional as F

from companion import train as module
from companion.text import batches
from companion.train import CheckpointError, Config, device, learning_rate, train

CHECKPOINT, BEST = "checkpoint.safetensors", "best.safetensors"
CONFIG = Config(steps=20, batch_size=4, learning_rate=0.05, evaluate_every=4, seed=3)


class Pairs:
    """Inputs of four numbers, targets of three; notes which were asked for."""

    def __init__(self, number=10):
        generator = torch.Generator().manual_seed(1)
        self.inputs = torch.randn(number, 4, generator=generator)
        self.targets = torch.randn(number, 3, generator=generator)
        self.asked = []

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, indices):
        assert isinstance(indices, np.ndarray)
        self.asked.append(indices.tolist())
        return self.inputs[indices], self.targets[indices]


class Counter(nn.Module):
    """Counts the batches that it was trained with, and changes nothing."""

    def __init__(self):
        super().__init__()
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, inputs):
        self.batches += self.training
        return inputs


class Tied(nn.Module):
    """Embeds a token and scores the next one with the same weights."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 3)
        self.output = nn.Linear(3, 5)
        self.output.weight = self.embedding.weight

    def forward(self, tokens):
        return self.output(self.embedding(tokens))


@pytest.fixture(autouse=True)
def same_random_numbers():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def net(dropout=0.5, width=8):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        layers = nn.Linear(4, width), nn.Dropout(dropout), nn.Linear(width, 3)
    return nn.Sequential(*layers)


def counting():
    return nn.Sequential(Counter(), net())


def loss(model, batch):
    inputs, targets = batch
    return F.mse_loss(model(inputs), targets)


def validate(model):
    return loss(model, Pairs()[np.arange(10)]).item()


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(first, second):
    return list(first) == list(second) and all(
        torch.equal(first[name], second[name]) for name in first
    )


def without_seconds(log):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in log]


def read(path):
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["companion"])
    return load_file(path), about


class Interruption(Exception):
    """What a power cut is to a training."""


def interrupted(function, call):
    """Return a function that fails when it is called for the `call`th time."""
    calls = []

    def fails(*arguments):
        calls.append(1)
        if len(calls) == call:
            raise Interruption
        return function(*arguments)

    return fails


# Config and schedule


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("steps", 0, "a whole number, 1 or more"),
        ("steps", 2.0, "a whole number, 1 or more"),
        ("batch_size", 0, "a whole number, 1 or more"),
        ("warmup", -1, "a whole number, 0 or more"),
        ("warmup", 20, "below the 20 steps"),
        ("evaluate_every", -1, "a whole number, 0 or more"),
        ("patience", True, "a whole number, 0 or more"),
        ("seed", -1, "a whole number, 0 or more"),
        ("learning_rate", 0, "above 0"),
        ("learning_rate", "0.1", "a finite number, 0 or more"),
        ("learning_rate", math.nan, "a finite number, 0 or more"),
        ("epsilon", 0.0, "above 0"),
        ("clip", 0.0, "above 0"),
        ("clip", math.inf, "a finite number, 0 or more"),
        ("floor", 1.5, "a share of the peak, 0 to 1"),
        ("weight_decay", -0.1, "a finite number, 0 or more"),
        ("precision", "half", "one of .*float32.*bfloat16.*float16"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name, value, expected):
    with pytest.raises(ValueError, match=f"^{name} must be {expected}") as error:
        replace(CONFIG, **{name: value})
    assert str(error.value).endswith(f"not {value!r}")


def test_patience_needs_more_than_one_validation():
    with pytest.raises(ValueError, match="patience must be 0 where evaluate_every is"):
        replace(CONFIG, evaluate_every=0, patience=2)


def test_the_learning_rate_is_a_line_and_then_a_cosine():
    config = Config(steps=10, batch_size=1, learning_rate=2.0, warmup=4, floor=0.25)
    # 2 * step / 4, then 0.5 + 1.5 * (1 + cos(pi * share)) / 2 with share = 1/6, 2/6 ...
    third, half = math.sqrt(3) / 2, 0.5
    cosines = [third, half, 0, -half, -third, -1]
    expected = [0.5, 1.0, 1.5, 2.0, *(0.5 + 0.75 * (1 + cosine) for cosine in cosines)]
    found = [learning_rate(step, config) for step in range(1, 11)]
    assert found == pytest.approx(expected)
    assert found[-1] == 0.25 * 2.0


def test_without_warm_up_the_cosine_begins_at_the_first_step():
    config = Config(steps=2, batch_size=1, learning_rate=1.0, floor=0.0)
    # half-way down, then at the end
    assert learning_rate(1, config) == pytest.approx(0.5)
    assert learning_rate(2, config) == pytest.approx(0.0)


@pytest.mark.parametrize("step", [0, 21])
def test_a_step_that_is_not_made_has_no_learning_rate(step):
    with pytest.raises(ValueError, match=rf"step must be in 1\.\.20, not {step}"):
        learning_rate(step, CONFIG)


def test_the_device_is_one_that_can_be_used():
    assert device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert torch.ones(1, device=device()).item() == 1


# The steps


def test_one_batch_is_learnt_by_heart():
    model = net(dropout=0)
    examples = Pairs(4)
    before = loss(model, examples[np.arange(4)]).item()
    log = train(model, loss, examples, Config(100, 4, 0.05))
    assert before > 0.5
    assert log[-1]["loss"] < 0.01


def test_the_steps_are_those_of_a_loop_written_out():
    config = replace(CONFIG, warmup=3, weight_decay=0.3, epsilon=0.1, clip=0.2)
    ours, plain = net(dropout=0), net(dropout=0)
    train(ours, loss, Pairs(), config)
    matrices = [p for p in plain.parameters() if p.ndim == 2]
    biases = [p for p in plain.parameters() if p.ndim == 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.3}, {"params": biases}],
        lr=config.learning_rate,
        eps=0.1,
        weight_decay=0,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda n: learning_rate(min(n + 1, 20), config) / 0.05
    )
    examples = Pairs()
    # 3 batches an epoch: 20 steps are six epochs and two steps
    order = [b for epoch in range(7) for b in batches(10, 4, [3, epoch])][:20]
    for indices in order:
        optimiser.zero_grad()
        loss(plain, examples[indices]).backward()
        nn.utils.clip_grad_norm_(plain.parameters(), 0.2)
        optimiser.step()
        schedule.step()
    for name, tensor in plain.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor)


def test_each_epoch_has_its_own_order_and_its_short_batch():
    examples = Pairs()
    train(net(), loss, examples, replace(CONFIG, steps=7))
    assert [len(batch) for batch in examples.asked] == [4, 4, 2, 4, 4, 2, 4]
    epochs = [sum(examples.asked[i : i + 3], []) for i in (0, 3)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(10))
    assert epochs[0] != epochs[1]
    dealt = [batch.tolist() for batch in batches(10, 4, [3, 1])]
    assert examples.asked[3:6] == dealt


@pytest.mark.parametrize(("clip", "norm"), [(0.5, 0.5), (9.0, 5.0)])
def test_a_long_gradient_is_scaled_down_to_the_norm_and_a_short_one_is_not(
    tmp_path, clip, norm
):
    model = nn.Linear(2, 1, bias=False)
    examples = torch.tensor([[3.0, -4.0]])  # the gradient: its norm is 5
    config = Config(steps=1, batch_size=1, learning_rate=0.1, clip=clip)
    train(model, lambda m, x: m(x).sum(), examples, config, folder=tmp_path)
    tensors, _ = read(tmp_path / CHECKPOINT)
    # AdamW's mean of the gradients after one step: a tenth of the gradient
    assert 10 * tensors["exp_avg.weight"].norm() == pytest.approx(norm, rel=1e-5)
    assert tensors["exp_avg.weight"][0, 0] > 0 > tensors["exp_avg.weight"][0, 1]


def test_weights_decay_but_biases_norms_and_embeddings_do_not():
    parts = {"embedding": nn.Embedding(3, 2), "linear": nn.Linear(2, 2)}
    model = nn.ModuleDict(parts | {"norm": nn.LayerNorm(2), "tied": Tied()})
    nn.init.ones_(model["linear"].bias)
    before = weights(model)

    def nothing(model, batch):
        return sum(0 * parameter.sum() for parameter in model.parameters())

    config = Config(2, 1, learning_rate=0.5, weight_decay=0.2, floor=1.0)
    train(model, nothing, torch.zeros(1, 1), config)
    # With no gradient a step only takes 0.5 * 0.2 of the weight away: 0.9 * 0.9
    for name, tensor in weights(model).items():
        kept = 0.81 if name == "linear.weight" else 1.0
        torch.testing.assert_close(tensor, kept * before[name])


def test_frozen_parameters_stay_as_they_are():
    model = net()
    model[0].requires_grad_(False)
    before = weights(model)
    train(model, loss, Pairs(), CONFIG)
    assert torch.equal(model[0].weight, before["0.weight"])
    assert not torch.equal(model[2].weight, before["2.weight"])


def test_a_gradient_from_before_the_training_does_not_count():
    fresh, used = net(), net()
    (100 * loss(used, Pairs()[np.arange(10)])).backward()
    for model in (fresh, used):
        model[0].requires_grad_(False)  # a frozen layer keeps its gradient
        train(model, loss, Pairs(), replace(CONFIG, clip=0.1))
    assert used[0].weight.grad is not None
    assert same(weights(fresh), weights(used))


def test_bfloat16_trains_on_the_cpu_and_leaves_the_weights_in_float32():
    seen = []

    def watched(model, batch):
        seen.append(model[0](batch[0]).dtype)
        return loss(model, batch)

    def watched_validation(model):
        seen.append(model[0](Pairs().inputs).dtype)
        return validate(model)

    model = net(dropout=0)
    config = Config(20, 4, 0.1, precision="bfloat16")
    log = train(model, watched, Pairs(4), config, validate=watched_validation)
    # The loss alone is in 16 bits, validation is not.
    assert seen == [torch.bfloat16] * 20 + [torch.float32]
    assert {tensor.dtype for tensor in weights(model).values()} == {torch.float32}
    assert log[-1]["loss"] < log[0]["loss"] / 4


def test_float16_is_refused_on_the_cpu():
    config = replace(CONFIG, precision="float16")
    with pytest.raises(ValueError, match="'float16' needs a device of type cuda, not"):
        train(net(), loss, Pairs(), config)


def test_a_float16_step_that_overflows_is_left_out_and_the_scale_is_kept(
    tmp_path, monkeypatch
):
    # The scaler works on the CPU as well; only the user is kept from it.
    monkeypatch.setattr(module, "_place", lambda on, config: torch.device("cpu"))
    config = Config(8, 4, 0.05, precision="float16", clip=1e-3)

    def steep(model, batch):
        # times the first scale, 65,536, the gradient leaves float32's range
        return loss(model, batch) + 1e35 * (model[0].weight - 1).sum().clamp(-1, 1)

    model = net()
    nn.init.constant_(model[0].weight, 1 + 0.5 / 32)
    before = weights(model)
    with pytest.raises(Interruption):
        train(model, interrupted(steep, 2), Pairs(), config, folder=tmp_path)
    assert same(weights(model), before)
    tensors, about = read(tmp_path / CHECKPOINT)
    assert about["scaler"]["scale"] == 65536 / 2
    assert not tensors["exp_avg.0.weight"].any()  # no step was made

    ends = []
    for path in ("whole", "parts"):
        if path == "parts":
            stop = interrupted(loss, 5)
            with pytest.raises(Interruption):
                train(net(), stop, Pairs(), config, folder=tmp_path / path)
        model = net()
        train(model, loss, Pairs(), config, folder=tmp_path / path)
        ends.append(read(tmp_path / path / CHECKPOINT))
    assert same(ends[0][0], ends[1][0])
    assert ends[0][1]["scaler"] == ends[1][1]["scaler"]
    # The gradients that are clipped, and then averaged, are those without the scale.
    means = [tensor for name, tensor in ends[0][0].items() if "exp_avg." in name]
    assert config.clip / 10 < nn.utils.get_total_norm(means) <= config.clip


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU: run on a machine with CUDA"
)
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_training_on_a_gpu_goes_on_where_it_was_interrupted(tmp_path, precision):
    config = replace(CONFIG, precision=precision)
    ends = []
    for path in ("whole", "parts"):
        options = dict(folder=tmp_path / path, on="cuda")
        if path == "parts":
            with pytest.raises(Interruption):
                train(net(), interrupted(loss, 11), Pairs(), config, **options)
        state = torch.cuda.get_rng_state()
        train(net(), loss, Pairs(), config, **options)
        assert torch.equal(state, torch.cuda.get_rng_state())
        ends.append(load_file(tmp_path / path / CHECKPOINT))
    assert same(*ends)
    assert {"random.cpu", "random.cuda"} <= set(ends[0])


# What the loop is told that cannot be


def test_a_loss_that_is_not_finite_stops_with_step_and_learning_rate():
    def bursts(model, batch):
        value = loss(model, batch)
        return value * math.nan if len(examples.asked) == 3 else value

    examples, config = Pairs(), replace(CONFIG, warmup=10)
    # step 3 of 10 warm-up steps: 0.05 * 3 / 10
    expected = "the loss at step 3, learning rate 0.015 is nan"
    with pytest.raises(ValueError, match=expected):
        train(net(), bursts, examples, config)


def test_a_gradient_that_is_not_finite_stops_before_it_reaches_the_weights():
    def root(model, batch):
        # its value at 0 is 0, its slope there infinite
        return loss(model, batch) + (0 * model[0].weight[0, 0]).sqrt()

    model = net()
    before = weights(model)
    with pytest.raises(ValueError, match="gradient's norm at step 1, .* is (nan|inf)"):
        train(model, root, Pairs(), CONFIG)
    assert same(weights(model), before)


def test_a_validation_that_is_not_finite_stops():
    with pytest.raises(ValueError, match="the validation at step 4 is nan"):
        train(net(), loss, Pairs(), CONFIG, validate=lambda model: math.nan)


def test_a_loss_for_each_example_is_refused():
    with pytest.raises(ValueError, match=r"tensor of shape \(\), not \(4, 3\)"):
        train(net(), lambda model, batch: model(batch[0]), Pairs(), CONFIG)
    with pytest.raises(ValueError, match=r"tensor of shape \(\), not .*float"):
        train(net(), lambda model, batch: 1.0, Pairs(), CONFIG)


def test_batches_that_are_no_tensors_are_refused():
    with pytest.raises(ValueError, match="a tuple of them, not ndarray"):
        train(net(), loss, np.zeros((3, 4)), CONFIG)


def test_no_examples_are_refused():
    with pytest.raises(ValueError, match="no examples"):
        train(net(), loss, Pairs(0), CONFIG)


# The log


def test_each_validation_has_an_entry_and_the_last_step_has_one():
    config = replace(CONFIG, evaluate_every=8)
    seen = []

    def watched(model, batch):
        value = loss(model, batch)
        seen.append(value.item())
        return value

    model = net()
    log = train(model, watched, Pairs(), config, validate=validate)
    assert [entry["step"] for entry in log] == [8, 16, 20]
    keys = ["step", "loss", "learning_rate", "validation", "seconds"]
    assert all(list(entry) == keys for entry in log)
    means = [np.mean(seen[:8]), np.mean(seen[8:16]), np.mean(seen[16:])]
    assert [entry["loss"] for entry in log] == pytest.approx(means)
    assert log[1]["learning_rate"] == learning_rate(16, config)
    assert 0 <= log[0]["seconds"] <= log[1]["seconds"] <= log[2]["seconds"]


def test_without_validation_there_is_an_entry_for_every_twentieth_of_the_steps():
    config = Config(45, 4, 0.01, evaluate_every=9)
    log = train(net(), loss, Pairs(), config)
    # 45 // 20 = 2, and the last step
    assert [entry["step"] for entry in log] == [*range(2, 45, 2), 45]
    assert not any("validation" in entry for entry in log)
    log = train(net(), loss, Pairs(), replace(config, steps=3))
    assert [entry["step"] for entry in log] == [1, 2, 3]


def test_one_validation_at_the_end_leaves_the_other_entries_as_they_are():
    config = Config(40, 4, 0.01)
    log = train(net(), loss, Pairs(), config, validate=validate)
    assert [entry["step"] for entry in log] == list(range(2, 41, 2))
    assert ["validation" in entry for entry in log] == [False] * 19 + [True]


def test_the_log_on_disk_is_the_log(tmp_path):
    folder = tmp_path / "a" / "b"
    log = train(net(), loss, Pairs(), CONFIG, validate=validate, folder=folder)
    text = (folder / "log.json").read_text()
    assert json.loads(text) == log
    found = sorted(path.name for path in folder.iterdir())
    assert found == [BEST, CHECKPOINT, "log.json"]


def test_a_bar_is_drawn_at_a_terminal_alone(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def drawn(stream, jupyter):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
        if jupyter:
            monkeypatch.setitem(sys.modules, "ipykernel", object())
        train(net(), loss, Pairs(), CONFIG)
        return stream.getvalue()

    assert "20/20" in drawn(Terminal(), jupyter=False)
    assert drawn(Terminal(), jupyter=True) == ""
    assert drawn(io.StringIO(), jupyter=False) == ""


# Validation


def test_validation_sees_the_model_in_eval_mode_without_gradients():
    modes = []

    def watched(model):
        modes.append((model.training, torch.is_grad_enabled()))
        return 1.0

    def watched_loss(model, batch):
        assert model.training
        return loss(model, batch)

    model = net()
    train(model, watched_loss, Pairs(), CONFIG, validate=watched)
    assert modes == [(False, False)] * 5
    assert not model.training


def test_the_best_weights_are_given_back_and_kept(tmp_path):
    scores, seen = iter([3.0, 1.0, 2.0, 1.0, 5.0]), []

    def validate(model):
        seen.append(weights(model))
        return next(scores)

    model = net()
    log = train(model, loss, Pairs(), CONFIG, validate=validate, folder=tmp_path)
    assert [entry["validation"] for entry in log] == [3, 1, 2, 1, 5]
    # An equal one is no better: the second stays.
    assert same(weights(model), seen[1])
    assert not same(seen[1], seen[3])
    copy = net()
    load_model(copy, tmp_path / BEST)
    assert same(weights(copy), seen[1])
    about = read(tmp_path / BEST)[1]
    assert (about["step"], about["validation"]) == (8, 1.0)


def test_without_validation_the_last_weights_stay(tmp_path):
    model = net()
    train(model, loss, Pairs(), CONFIG, folder=tmp_path)
    last = load_file(tmp_path / CHECKPOINT)
    assert torch.equal(last["model.0.weight"], model[0].weight)
    assert not (tmp_path / BEST).exists()


@pytest.mark.parametrize(
    ("scores", "patience", "steps"),
    [
        ([3, 2, 2, 2, 1], 2, 16),  # waits twice after the second
        ([3, 3, 2, 2, 1], 2, 20),  # an improvement begins the waiting again
        ([1, 2, 0, 0, 0], 1, 8),
        ([1, 2, 3, 4, 5], 0, 20),
    ],
)
def test_training_ends_when_patience_does(scores, patience, steps):
    values, examples = iter(scores), Pairs()
    config = replace(CONFIG, patience=patience)
    log = train(net(), loss, examples, config, validate=lambda model: next(values))
    assert log[-1]["step"] == len(examples.asked) == steps


def test_what_a_validation_draws_does_not_change_the_training():
    def seeds(model):
        torch.manual_seed(9)
        return float(torch.rand(()))

    logs = []
    for every in (1, 5):
        config = replace(CONFIG, evaluate_every=every)
        logs.append(train(net(), loss, Pairs(), config, validate=seeds))
    ones = [entry["loss"] for entry in logs[0]]
    assert logs[1][-1]["loss"] == pytest.approx(np.mean(ones[-5:]))


# Random numbers


def test_the_callers_random_numbers_go_on_undisturbed(tmp_path):
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    train(net(), loss, Pairs(), CONFIG, validate=validate, folder=tmp_path)
    assert torch.equal(state, torch.get_rng_state())
    with pytest.raises(Interruption):
        train(net(), interrupted(loss, 3), Pairs(), CONFIG)
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002


def test_the_seed_alone_decides():
    def trained(seed, caller, dropout=0.5):
        torch.manual_seed(caller)
        model = net(dropout)
        # One batch holds all: the order cannot tell one seed from another by much.
        train(model, loss, Pairs(), replace(CONFIG, seed=seed, batch_size=10))
        return weights(model)

    assert same(trained(1, caller=1), trained(1, caller=2))
    for dropout in (0.0, 0.5):
        first, second = (trained(seed, 1, dropout)["0.weight"] for seed in (1, 2))
        # Without dropout the seeds differ in the order within the batch alone.
        assert torch.allclose(first, second, atol=1e-4) == (dropout == 0)


def test_the_seed_draws_the_order_too():
    asked = []
    for seed in (1, 1, 2):
        examples = Pairs()
        train(net(), loss, examples, replace(CONFIG, seed=seed))
        asked.append(examples.asked)
    assert asked[0] == asked[1] != asked[2]


def test_dropout_is_not_drawn_from_the_numbers_of_a_caller_with_the_same_seed():
    drawn = []

    def draws(model, batch):
        drawn.append(torch.rand(3))
        return loss(model, batch)

    torch.manual_seed(CONFIG.seed)
    own = torch.rand(3)
    train(net(), draws, Pairs(), CONFIG)
    assert not torch.equal(drawn[0], own)


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="a mode of x86 processors"
)
def test_subnormal_floats_count_as_zero_within_the_loop_alone():
    def tiny():
        return (torch.tensor(1e-39) * 1).item()

    seen = []

    def watched(model, batch):
        seen.append(tiny())
        return loss(model, batch)

    assert tiny() > 0
    with pytest.raises(Interruption):
        train(net(), interrupted(watched, 3), Pairs(), CONFIG)
    assert seen == [0, 0]
    assert tiny() > 0


# Going on


@pytest.mark.parametrize(
    ("fails", "call"),
    [
        ("loss", 2),  # before the first checkpoint
        ("validate", 1),
        ("validate", 2),  # at an entry, in the middle of an epoch
        ("loss", 9),  # just after an entry
        ("loss", 12),
        ("validate", 4),  # after two validations without improvement
        ("validate", 5),  # at the last step
    ],
)
def test_an_interrupted_training_ends_with_the_same_bits(tmp_path, fails, call):
    def scored(model):  # best at step 8
        return abs(model[0].batches.item() - 8) + validate(model) / 100

    whole, parts = counting(), counting()
    options = dict(validate=scored, folder=tmp_path / "whole")
    log = train(whole, loss, Pairs(), CONFIG, **options)

    functions = {"loss": loss, "validate": scored}
    functions[fails] = interrupted(functions[fails], call)
    options = dict(validate=functions["validate"], folder=tmp_path / "parts")
    with pytest.raises(Interruption):
        train(counting(), functions["loss"], Pairs(), CONFIG, **options)
    examples = Pairs()
    again = train(parts, loss, examples, CONFIG, **options | {"validate": scored})
    # It did go on, and from the last entry.
    made = call - 1 if fails == "loss" else 4 * (call - 1)
    # One batch more is asked for, to tell these examples from others.
    assert len(examples.asked) == 20 - made // 4 * 4 + 1

    assert same(weights(whole), weights(parts))
    assert without_seconds(log) == without_seconds(again)
    for name in (CHECKPOINT, BEST):
        first, second = (read(tmp_path / path / name)[0] for path in ("whole", "parts"))
        assert same(first, second)
    assert weights(parts)["0.batches"] == 8


def test_a_checkpoint_holds_what_adamw_and_dropout_go_on_from(tmp_path):
    train(net(), loss, Pairs(), CONFIG, folder=tmp_path)
    tensors, about = read(tmp_path / CHECKPOINT)
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    parts = ["model", "step", "exp_avg", "exp_avg_sq"]
    expected = {f"{part}.{name}" for part in parts for name in names}
    assert set(tensors) == expected | {"random.cpu"}
    assert tensors["random.cpu"].dtype == torch.uint8
    assert tensors["step.2.bias"] == 20
    assert about["progress"]["step"] == 20


def test_dropout_goes_on_with_the_numbers_it_would_have_had(tmp_path):
    drawn = []

    def draws(model, batch):
        drawn.append(torch.rand(()).item())
        return loss(model, batch)

    train(net(), draws, Pairs(), CONFIG)
    whole = drawn.copy()
    drawn.clear()
    for call in (6, 8, 2):  # an entry each step: none is made twice
        with pytest.raises(Interruption):
            train(net(), interrupted(draws, call), Pairs(), CONFIG, folder=tmp_path)
    train(net(), draws, Pairs(), CONFIG, folder=tmp_path)
    assert drawn == whole
    assert len(set(drawn)) == 20


def test_patience_goes_on_where_it_was(tmp_path):
    config = replace(CONFIG, patience=3)
    options = dict(validate=interrupted(lambda model: 1.0, 4), folder=tmp_path)
    with pytest.raises(Interruption):
        train(net(), loss, Pairs(), config, **options)
    # The first was the best, two more were not: one is left to wait for.
    options["validate"] = lambda model: 2.0
    log = train(net(), loss, Pairs(), config, **options)
    assert [entry["validation"] for entry in log] == [1, 1, 1, 2]


def test_a_training_at_its_end_gives_log_and_weights_without_a_step(tmp_path):
    first, second, examples = net(), net(), Pairs()
    options = dict(validate=validate, folder=tmp_path)
    log = train(first, loss, Pairs(), CONFIG, **options)
    assert train(second, loss, examples, CONFIG, **options) == log
    assert same(weights(first), weights(second))
    assert len(examples.asked) == 1  # to tell these examples from others
    assert not second.training


class Others(Pairs):
    """Other examples, as many and of the same shape."""

    def __getitem__(self, indices):
        inputs, targets = super().__getitem__(indices)
        return inputs + 1, targets


def frozen(model):
    model[0].weight.requires_grad_(False)
    return model


def restarted(model):
    nn.init.zeros_(model[0].weight)
    return model


def regularised(model):
    model.append(nn.Dropout(0.5))
    return model


@pytest.mark.parametrize(
    ("model", "examples", "message"),
    [
        (net, Others, "first batch is"),
        (lambda: frozen(net()), Pairs, "layers is"),
        (lambda: restarted(net()), Pairs, "first weights is"),
        (lambda: regularised(net()), Pairs, "layers is"),
    ],
)
def test_a_finished_training_of_something_else_is_not_given_back(
    tmp_path, model, examples, message
):
    train(net(), loss, Pairs(), CONFIG, folder=tmp_path)
    with pytest.raises(CheckpointError, match=message):
        train(model(), loss, examples(), CONFIG, folder=tmp_path)


@pytest.mark.parametrize("name", [CHECKPOINT, BEST])
def test_one_bit_that_changed_anywhere_is_noticed(kept, name):
    content = (kept / name).read_bytes()
    options = dict(validate=validate, folder=kept)
    for place in np.random.default_rng(0).integers(8, len(content), 40):
        broken = bytearray(content)
        broken[place] ^= 4
        (kept / name).write_bytes(broken)
        with pytest.raises(CheckpointError, match="damaged|no checkpoint"):
            train(net(), loss, Pairs(), CONFIG, **options)


def test_best_weights_of_another_training_of_one_shape_are_refused(kept, tmp_path):
    other = tmp_path / "other"
    config = replace(CONFIG, seed=CONFIG.seed + 1)
    train(net(), loss, Pairs(), config, validate=validate, folder=other)
    os.replace(other / BEST, kept / BEST)
    with pytest.raises(CheckpointError, match=r"best.*training is"):
        train(net(), loss, Pairs(), CONFIG, validate=validate, folder=kept)


def test_a_folder_that_cannot_be_is_found_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("here")
    examples = Pairs()
    with pytest.raises(OSError, match="file"):
        train(net(), loss, examples, CONFIG, folder=tmp_path / "file")
    assert examples.asked == []


def test_seconds_count_on_without_the_break(tmp_path, monkeypatch):
    clock = iter(range(0, 100_000, 1))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with pytest.raises(Interruption):
        train(net(), interrupted(loss, 6), Pairs(), CONFIG, folder=tmp_path)
    assert json.loads((tmp_path / "log.json").read_text())[-1]["seconds"] == 5
    clock = iter(range(50_000, 100_000))
    log = train(net(), loss, Pairs(), CONFIG, folder=tmp_path)
    assert [entry["seconds"] for entry in log] == list(range(1, 21))


def test_tied_weights_are_stored_once_and_stay_tied(tmp_path):
    examples = torch.tensor([[0, 1], [1, 2], [2, 3], [3, 4]])

    def following(model, pairs):
        return F.mse_loss(model(pairs[:, 0]), torch.eye(5)[pairs[:, 1]])

    def score(model):
        return following(model, examples).item()

    ends = []
    for path in ("whole", "parts"):
        options = dict(validate=score, folder=tmp_path / path)
        torch.manual_seed(2)
        model = Tied()
        before = model.embedding.weight.clone()
        if path == "parts":
            stop = interrupted(following, 11)
            with pytest.raises(Interruption):
                train(model, stop, examples, CONFIG, **options)
            torch.manual_seed(2)
            model = Tied()
        train(model, following, examples, CONFIG, **options)
        assert model.output.weight is model.embedding.weight
        ends.append(weights(model))
    assert same(*ends)
    assert not torch.equal(before, model.embedding.weight)
    kept = load_file(tmp_path / "parts" / BEST)
    assert set(kept) == {"embedding.weight", "output.bias"}
    copy = Tied()
    load_model(copy, tmp_path / "parts" / BEST)
    assert same(weights(copy), ends[0])


# What is refused


@pytest.fixture
def kept(tmp_path):
    """Return a folder with a training in it that was interrupted half-way."""
    options = dict(validate=validate, folder=tmp_path)
    with pytest.raises(Interruption):
        train(net(), interrupted(loss, 11), Pairs(), CONFIG, **options)
    return tmp_path


def test_another_config_is_refused_and_what_differs_is_said(kept):
    before = (kept / CHECKPOINT).read_bytes()
    config = replace(CONFIG, steps=30, learning_rate=0.1)
    model = net()
    untouched = weights(model)
    expected = (
        r"steps is 20 in the checkpoint and 30 now; learning_rate is 0\.05 in the "
        r"checkpoint and 0\.1 now\. Train with what the checkpoint says, or delete"
    )
    with pytest.raises(CheckpointError, match=expected):
        train(model, loss, Pairs(), config, validate=validate, folder=kept)
    assert same(weights(model), untouched)
    assert (kept / CHECKPOINT).read_bytes() == before


def test_another_model_is_refused_and_what_differs_is_said(kept):
    options = dict(validate=validate, folder=kept)
    expected = r"model\.0\.weight is '\(8, 4\) torch\.float32' .* and '\(9, 4\)"
    with pytest.raises(CheckpointError, match=expected):
        train(net(width=9), loss, Pairs(), CONFIG, **options)
    deepest = nn.Sequential(*net(), nn.Linear(3, 3), nn.Linear(3, 3))
    with pytest.raises(CheckpointError, match=r"; and 3 more\. Train with"):
        train(deepest, loss, Pairs(), CONFIG, **options)
    deeper = nn.Sequential(*net(), nn.Linear(3, 3))
    expected = r"model\.3\.weight is None in the checkpoint"
    with pytest.raises(CheckpointError, match=expected):
        train(deeper, loss, Pairs(), CONFIG, **options)
    with pytest.raises(CheckpointError, match=r"float32' in .* torch\.float64"):
        train(net().double(), loss, Pairs(), CONFIG, **options)


def test_other_examples_and_a_training_without_validation_are_refused(kept):
    with pytest.raises(CheckpointError, match="examples is 10 .* and 11 now"):
        train(net(), loss, Pairs(11), CONFIG, validate=validate, folder=kept)
    with pytest.raises(CheckpointError, match="validation is True .* and False now"):
        train(net(), loss, Pairs(), CONFIG, folder=kept)


@pytest.mark.parametrize("name", [CHECKPOINT, BEST])
@pytest.mark.parametrize("length", [0, 5, 300, -1])
def test_a_file_that_was_cut_short_is_refused(kept, name, length):
    content = (kept / name).read_bytes()
    (kept / name).write_bytes(content[:length])
    model = net()
    before = weights(model)
    expected = f"{name} is damaged .* delete .* to train from the start"
    with pytest.raises(CheckpointError, match=expected):
        train(model, loss, Pairs(), CONFIG, validate=validate, folder=kept)
    assert same(weights(model), before)


def test_a_file_that_is_no_checkpoint_is_refused(kept):
    options = dict(validate=validate, folder=kept)
    best = (kept / BEST).read_bytes()
    (kept / CHECKPOINT).write_bytes(best)
    with pytest.raises(CheckpointError, match="does not say its identity, progress"):
        train(net(), loss, Pairs(), CONFIG, **options)
    save_file({"x": torch.ones(1)}, kept / CHECKPOINT)
    with pytest.raises(CheckpointError, match="no checkpoint of this loop"):
        train(net(), loss, Pairs(), CONFIG, **options)


def test_best_weights_that_are_missing_or_anothers_are_refused(kept):
    options = dict(validate=validate, folder=kept)
    other = kept / "other"
    train(net(width=9), loss, Pairs(), CONFIG, validate=validate, folder=other)
    os.replace(other / BEST, kept / BEST)
    with pytest.raises(CheckpointError, match=r"best\.safetensors is of another"):
        train(net(), loss, Pairs(), CONFIG, **options)
    (kept / BEST).unlink()
    with pytest.raises(CheckpointError, match=r"best\.safetensors is damaged"):
        train(net(), loss, Pairs(), CONFIG, **options)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_write_that_fails_leaves_no_half_of_a_file(kept, monkeypatch, call):
    whole = net()
    train(whole, loss, Pairs(), CONFIG, validate=validate)
    monkeypatch.setattr(os, "replace", interrupted(os.replace, call))
    with pytest.raises(Interruption):
        train(net(), loss, Pairs(), CONFIG, validate=validate, folder=kept)
    monkeypatch.undo()
    assert not list(kept.glob("*.tmp"))
    # Whatever the moment, the training can go on and ends the same.
    model = net()
    train(model, loss, Pairs(), CONFIG, validate=validate, folder=kept)
    assert same(weights(model), weights(whole))


def test_a_write_that_breaks_off_leaves_the_files_as_they_were(kept, monkeypatch):
    def half(path, content):
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise Interruption

    before = {path: path.read_bytes() for path in kept.iterdir()}
    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(Interruption):
        train(net(), loss, Pairs(), CONFIG, validate=lambda model: 0.0, folder=kept)
    assert {path: path.read_bytes() for path in kept.iterdir()} == before
