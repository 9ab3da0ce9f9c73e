"""The checkpoints that ship with the package: how each of them is made again.

Chapter 3 on, behind `companion pretrain`. A maker is a function named as its
checkpoint: it trains the model just as a chapter's experiment does, and writes it with
its card beside `companion.pretrained`, which loads it.
"""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

from companion import pretrained
from companion.experiments.ngram_lab import DOCUMENTS, SCORED
from companion.experiments.nnlm import price
from companion.experiments.nnlm_lab import trained, world

__all__ = ["MAKERS", "nnlm_millbrook"]


def nnlm_millbrook(folder: Path = pretrained.FOLDER) -> None:
    """Make the net of order 5 that `nnlm_lab` measures in the world of seed 0.

    Its card gives nats per token, and perplexity, of the validation part and of the
    test documents that the experiment scores.

    Args:
        folder: Where the checkpoint is written; in the package by default.

    Raises:
        OSError: The folder cannot be written to.
        ValueError: The training failed: a loss or a weight is not finite.
    """
    split = world(0).split
    model, _ = trained(split, 0)
    # Subtle: rounded first, measured second. The card's numbers are those of the
    # weights that `pretrained.load` gives.
    model.half().float()
    nats = {
        "validation": price(model, split.valid),
        f"{SCORED} test stories": price(model, split.test),
    }
    pretrained.save(
        model,
        "nnlm_millbrook",
        words=split.vocabulary.words,
        rare=split.vocabulary.rare,
        card={
            "model": "companion.nnlm.NNLM",
            "config": dataclasses.asdict(model.config),
            "trained_on": [
                {
                    "name": f"Millbrook, {DOCUMENTS['train']:,} stories of seed 0",
                    "licence": "MIT, the companion's own, which generates them",
                    "tokens": len(split.train),
                }
            ],
            "command": "companion pretrain nnlm_millbrook",
            "numbers": {
                "parameters": sum(p.numel() for p in model.parameters()),
                "nats per token": nats,
                "perplexity": {part: math.exp(n) for part, n in nats.items()},
            },
            "limits": [
                "It knows Millbrook alone, a made-up town, and no other English.",
                f"It reads the last {model.config.order - 1} words, and gives each "
                "word one vector, whatever its sense.",
                "Its weights are rounded to fp16; its numbers are measured after that.",
            ],
        },
        folder=folder,
    )


MAKERS: dict[str, Callable[[], None]] = {
    maker.__name__: maker for maker in (nnlm_millbrook,)
}
