"""A neural language model: words as vectors, learnt by predicting the next word.

Chapter 3. Source: [bengio2003neural]. Unlike an n-gram model, which counts each word as
a stranger, it looks each word up in a table of vectors, the matrix Q of the chapter, so
that what is learnt about one word serves its neighbours too. Axes: B batch, T tokens,
V vocabulary, D width of a vector, K hidden units, n order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from companion.text import batches, windows


@dataclass(frozen=True)
class Config:
    """What an `NNLM` is made of.

    Attributes:
        vocabulary_size: V.
        order: n; the model reads n - 1 words.
        width: D, numbers in a word's vector; the paper's m.
        hidden: K, units of the hidden layer; 0 for none.
        direct: Whether the vectors also reach the output directly, past the hidden
            layer.
        dropout: Share of the output layer's inputs that training leaves out; a
            regulariser younger than the paper.
    """

    vocabulary_size: int
    order: int = 5
    width: int = 64
    hidden: int = 128
    direct: bool = False
    dropout: float = 0.3

    def __post_init__(self) -> None:
        for name, least in (("vocabulary_size", 1), ("order", 2), ("width", 1)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"{name} is {least} or more, not {getattr(self, name)}"
                )
        if self.hidden < 0:
            raise ValueError(f"hidden is 0 or more, not {self.hidden}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is from 0 to below 1, not {self.dropout}")
        if self.direct and not self.hidden:
            raise ValueError("without a hidden layer all connections are direct")


class NNLM(nn.Module):
    """The model of Bengio et al.: y = b + W x + U tanh(d + H x), then softmax.

    x is the vectors of the last n - 1 words, side by side. The paper's names are
    C = `table`, (H, d) = `hidden` and (U, b) = `output`; where both the hidden units
    and x reach the output, its weight is U and W side by side. Where the text has not
    n - 1 words yet, a vector of its own stands for each that is missing.

    Source: [bengio2003neural], equation 1. Dropout and AdamW, which trains it, are
        younger.
    """

    Config = Config

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        reach = (config.order - 1) * config.width
        self.table = nn.Embedding(config.vocabulary_size + 1, config.width)
        # Subtle: vectors of unit variance make softmax gradients so small at first
        # that they fall below what floats hold at full speed.
        nn.init.normal_(self.table.weight, std=0.02)
        self.hidden = nn.Linear(reach, config.hidden) if config.hidden else None
        passed_on = reach if config.direct or not config.hidden else 0
        self.output = nn.Linear(config.hidden + passed_on, config.vocabulary_size)
        self.dropout = nn.Dropout(config.dropout)

    def vectors(self) -> np.ndarray:
        """Return the vectors of the words, rows of Q, float, shape (V, D).

        `table` has one row more, the vector for no word.
        """
        return self.table.weight[:-1].detach().cpu().numpy()

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the word after each token, shape (B, T, V).

        Args:
            tokens: Ids, int64, shape (B, T). The logits at t rest on the n - 1 tokens
                that end with token t.
        """
        missing = self.config.vocabulary_size  # the id of the vector for no word
        padded = F.pad(tokens, (self.config.order - 2, 0), value=missing)
        return self.next(padded.unfold(1, self.config.order - 1, 1))

    def next(self, contexts: Tensor) -> Tensor:
        """Return the logits of the word after each context.

        Args:
            contexts: Ids of the last n - 1 words, int64, shape (..., n - 1); V where
                there is no word.

        Returns:
            Logits, float, shape (..., V).
        """
        x = self.table(contexts).flatten(-2)  # (..., (n - 1) * D)
        inner = x
        if self.hidden is not None:
            inner = torch.tanh(self.hidden(x))  # (..., K)
        if self.config.direct:
            inner = torch.cat([inner, x], -1)  # (..., K + (n - 1) * D)
        return self.output(self.dropout(inner))  # (..., V)


class Windows:
    """All stretches of n words of a text, as examples for `companion.train`.

    Args:
        ids: The text, shape (T,).
        config: Of the model that learns from them.

    Raises:
        ValueError: The text is empty, or an id lies outside the vocabulary.
    """

    def __init__(self, ids: Sequence[int] | np.ndarray, config: Config):
        self._windows = windows(_begun(ids, config), config.order)

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, indices: np.ndarray) -> Tensor:
        """Return some of them, int64, shape (B, n)."""
        return torch.from_numpy(self._windows[indices].astype(np.int64))


def loss(model: NNLM, stretches: Tensor) -> Tensor:
    """Return the mean of -ln p of each stretch's last word, in nats, shape ().

    Args:
        model: The model.
        stretches: Ids, int64, shape (B, n).
    """
    return F.cross_entropy(model.next(stretches[:, :-1]), stretches[:, -1])


@torch.no_grad()
def score(model: NNLM, ids: Sequence[int] | np.ndarray, batch: int = 256) -> np.ndarray:
    """Return ln p of each word given those before, float64, shape (T,).

    As `NgramModel.score` does; so the two can be compared and mixed word by word.

    Args:
        model: The model; dropout is off, and its mode is as before afterwards.
        ids: The text, shape (T,).
        batch: Words at a time.

    Raises:
        ValueError: The text is empty, an id is no whole number in the vocabulary, or
            `batch` is below 1.
    """
    examples, was_training = Windows(ids, model.config), model.training
    device = model.output.weight.device
    model.eval()
    found = []
    try:
        for some in batches(len(examples), batch):
            stretches = examples[some].to(device)
            logits = model.next(stretches[:, :-1])
            found.append(-F.cross_entropy(logits, stretches[:, -1], reduction="none"))
    finally:
        model.train(was_training)
    return torch.cat(found).double().cpu().numpy()


def mixing_weight(first: np.ndarray, second: np.ndarray) -> float:
    """Return the weight of the first model that makes a mixture fit a text best.

    The mean of ln p is a concave function of the weight. The weight is where its slope
    is zero, found by halving the interval 50 times; or an end, if the slope does not
    change its sign.

    Args:
        first: ln p of each word of a validation text, shape (T,).
        second: The same by the other model.

    Raises:
        ValueError: The two are not of one text, or one of them is no ln p: above 0 or
            not a number.

    Source: [bengio2003neural] mixes its net with a trigram.
    """
    first, second = _of_one_text(first, second)
    larger = np.maximum(first, second)
    with np.errstate(invalid="ignore"):  # two probabilities of 0 favour neither
        one, other = (
            np.where(np.isneginf(larger), 1.0, np.exp(x - larger))
            for x in (first, second)
        )
    low, high = 0.0, 1.0
    for _ in range(50):
        weight = (low + high) / 2
        slope = np.mean((one - other) / (weight * one + (1 - weight) * other))
        low, high = (weight, high) if slope > 0 else (low, weight)
    return high if high == 1 else low


def mixed(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Return ln p of each word by a mixture of two models, shape (T,).

    Args:
        first: ln p of each word by the first, shape (T,).
        second: The same by the other.
        weight: Weight of the first, from 0 to 1.

    Raises:
        ValueError: The two are not of one text, one of them is no ln p, or the weight
            is not from 0 to 1.
    """
    first, second = _of_one_text(first, second)
    if not 0 <= weight <= 1:
        raise ValueError(f"a weight is from 0 to 1, not {weight}")
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log(weight) + first, np.log(1 - weight) + second)


def _of_one_text(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, ...]:
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.ndim != 1 or first.shape != second.shape or not len(first):
        raise ValueError(
            f"two models of one text have as many scores, not {first.shape} "
            f"and {second.shape}"
        )
    for scores in (first, second):
        if not (scores <= 0).all():
            wrong = scores[~(scores <= 0)][0]
            raise ValueError(f"ln p is 0 or less, not {wrong}; a loss is -ln p")
    return first, second


def _begun(ids: Sequence[int] | np.ndarray, config: Config) -> np.ndarray:
    """Return the text behind n - 1 marks for no word: so each word has a window."""
    ids, size = np.asarray(ids), config.vocabulary_size
    if ids.ndim != 1 or not len(ids):
        raise ValueError(f"a text is a line of ids, not of shape {ids.shape}")
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids are whole numbers, not {ids.dtype}, such as {ids[0]}")
    if ids.min() < 0 or ids.max() >= size:
        wrong = ids[(ids < 0) | (ids >= size)][0]
        raise ValueError(f"the id {wrong} is not in 0..{size - 1}")
    return np.concatenate([np.full(config.order - 1, size), ids])
