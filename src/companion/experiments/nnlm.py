"""Chapter 3 in the field: the neural model of Bengio et al. on the Brown corpus.

Bengio's split, as in chapter 2. A net is trained on the training part; the epoch at
which it is best is chosen on the validation part, and so is the weight of a mixture;
what is reported is of the test part. Axes: T tokens, V vocabulary.
"""

import math
from functools import partial

import numpy as np
import torch

from companion import field, nnlm, train
from companion.experiments.running import Experiment
from companion.field import BengioSplit
from companion.ngram import (
    JelinekMercer,
    KneserNey,
    ModifiedKneserNey,
    NgramModel,
)

NET = {"order": 5, "width": 64, "hidden": 128, "dropout": 0.3}
EPOCHS = 6
BATCH = 512
LEARNING_RATE = 1e-3


def corpus() -> field.Brown:
    """Return Brown."""
    return field.brown()


def split(corpus: field.Brown) -> BengioSplit:
    """Return Brown as Bengio et al. cut it."""
    return field.bengio_split(corpus.words)


def counted(split: BengioSplit) -> dict[str, NgramModel]:
    """Return the n-gram models that a net is compared and mixed with."""
    smoothings = {
        "Kneser-Ney, n = 5": (5, KneserNey()),
        "modified Kneser-Ney, n = 5": (5, ModifiedKneserNey()),
        "Jelinek-Mercer, n = 3": (3, JelinekMercer(held_out=split.valid)),
    }
    return {
        name: NgramModel(order, smoothing).fit(split.train, len(split.vocabulary))
        for name, (order, smoothing) in smoothings.items()
    }


def settings(split: BengioSplit) -> dict:
    """Return what was chosen."""
    return {
        "train_tokens": len(split.train),
        "valid_tokens": len(split.valid),
        "test_tokens": len(split.test),
        "vocabulary_size": len(split.vocabulary),
        "net": NET,
        "epochs": EPOCHS,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
    }


def trained(split: BengioSplit, seed: int, **changes) -> tuple[nnlm.NNLM, list[dict]]:
    """Return a net that is best on the validation part, and the log of its training.

    Args:
        split: What it learns from, and is chosen on.
        seed: Draws its first weights, the order of examples, and dropout.
        **changes: What differs from `NET`.
    """
    config = nnlm.Config(len(split.vocabulary), **{**NET, **changes})
    examples = nnlm.Windows(split.train, config)
    an_epoch = math.ceil(len(examples) / BATCH)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nnlm.NNLM(config)
    training = train.Config(
        steps=EPOCHS * an_epoch,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        warmup=an_epoch // 10,
        evaluate_every=an_epoch,
        seed=seed,
    )
    log = train.train(
        model,
        nnlm.loss,
        examples,
        training,
        validate=partial(price, ids=split.valid),
        on=train.device(),
    )
    return model, log


def price(model: nnlm.NNLM, ids: np.ndarray) -> float:
    """Return the mean of -ln p of a text's words, in nats."""
    return float(-nnlm.score(model, ids).mean())


def measured(
    split: BengioSplit, counted: dict[str, NgramModel], seed: int, **changes
) -> dict:
    """Return what a net pays on the test part, alone and mixed, in nats a token.

    `valid` is by epoch; `alone` of an n-gram model is what it pays on the same tokens.
    """
    model, log = trained(split, seed, **changes)
    scores = {
        part: nnlm.score(model, getattr(split, part)) for part in ("valid", "test")
    }
    found = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "train": [entry["loss"] for entry in log],
        "valid": [entry["validation"] for entry in log],
        "nats": float(-scores["test"].mean()),
        "alone": {},
        "mixed": {},
        "weight": {},
    }
    for name, other in counted.items():
        weight = nnlm.mixing_weight(scores["valid"], other.score(split.valid))
        test = other.score(split.test)
        found["alone"][name] = float(-test.mean())
        found["weight"][name] = weight
        found["mixed"][name] = float(-nnlm.mixed(scores["test"], test, weight).mean())
    return found


def net(split: BengioSplit, counted: dict[str, NgramModel], seed: int) -> dict:
    """Return the measurements of the net of order 5."""
    return measured(split, counted, seed)


def shorter_context(split: BengioSplit, counted: dict[str, NgramModel]) -> dict:
    """Return those of a net of order 3, one seed."""
    return measured(split, counted, 0, order=3)


def no_hidden_layer(split: BengioSplit, counted: dict[str, NgramModel]) -> dict:
    """Return those of a net whose vectors reach the output directly alone."""
    return measured(split, counted, 0, hidden=0)


def direct_connections(split: BengioSplit, counted: dict[str, NgramModel]) -> dict:
    """Return those of a net whose vectors reach the output both ways."""
    return measured(split, counted, 0, direct=True)


NNLM_BROWN = Experiment(
    name="nnlm_brown",
    world="field",
    data=("brown/brown.zip",),
    once=(settings, shorter_context, no_hidden_layer, direct_connections),
    by_seed=(net,),
)
