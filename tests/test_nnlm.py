"""The neural language model of chapter 3: by hand, against loops, and by its laws."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from companion import nnlm
from companion.ngram import ModifiedKneserNey, NgramModel
from companion.nnlm import NNLM, Config, Windows, mixed, mixing_weight, score

SMALL = Config(vocabulary_size=7, order=3, width=4, hidden=5, dropout=0.0)


def model_of(seed=0, **changes):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = NNLM(Config(**{**SMALL.__dict__, **changes}))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


def by_hand(model, context):
    """Equation 1 of the paper, word by word."""
    x = torch.cat([model.table.weight[i] for i in context])
    y, weight = model.output.bias, model.output.weight  # b, and U beside W
    if model.hidden is None:
        return y + weight @ x
    hidden = torch.tanh(model.hidden.bias + model.hidden.weight @ x)
    y = y + weight[:, : len(hidden)] @ hidden
    return y + weight[:, len(hidden) :] @ x if model.config.direct else y


# One vector a word


def test_one_hot_times_the_table_is_a_row_of_it():
    table = model_of().table.weight
    ids = torch.tensor([3, 0, 6])
    one_hot = F.one_hot(ids, len(table)).float()
    torch.testing.assert_close(one_hot @ table, table[ids], rtol=0, atol=0)


@pytest.mark.parametrize(
    "changes", [{}, {"direct": True}, {"hidden": 0}, {"order": 2}, {"order": 5}]
)
def test_logits_are_the_equation_of_the_paper(changes):
    model = model_of(**changes)
    reach = model.config.order - 1
    tokens = [2, 5, 1, 0, 6]
    logits = model(torch.tensor([tokens]))
    assert logits.shape == (1, 5, 7)
    for t in range(5):
        missing = [7] * max(0, reach - t - 1)
        context = missing + tokens[max(0, t + 1 - reach) : t + 1]
        torch.testing.assert_close(logits[0, t], by_hand(model, context))


def test_position_of_a_word_in_the_context_counts():
    model = model_of()
    assert not torch.allclose(
        model.next(torch.tensor([1, 2])), model.next(torch.tensor([2, 1]))
    )


def test_logits_rest_on_the_last_words_alone():
    model = model_of()
    caught = []

    def catch(module, inputs, output):
        output.retain_grad()
        caught.append(output)

    model.table.register_forward_hook(catch)
    model(torch.tensor([[2, 5, 1, 0, 6]]))[0, 3].sum().backward()
    moved = caught[0].grad[0].abs().sum(dim=(1, 2)) > 0
    assert moved.tolist() == [False, False, False, True, False]


def test_batches_do_not_mix():
    model, tokens = model_of(), torch.tensor([[2, 5, 1], [0, 6, 3]])
    both = model(tokens)
    torch.testing.assert_close(both[1:], model(tokens[1:]))
    torch.testing.assert_close(both[[1, 0]], model(tokens[[1, 0]]))


# The loss


def test_an_untrained_model_hesitates_among_all_words():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = NNLM(Config(vocabulary_size=500))
    found = nnlm.loss(model, torch.randint(500, (64, 5)))
    assert found.item() == pytest.approx(math.log(500), rel=0.03)


def test_the_loss_is_the_mean_price_of_the_last_words():
    model, stretches = model_of(), torch.tensor([[2, 5, 1], [0, 6, 3]])
    p = torch.stack([by_hand(model, [2, 5]), by_hand(model, [0, 6])]).softmax(-1)
    expected = -(p[0, 1].log() + p[1, 3].log()) / 2
    torch.testing.assert_close(nnlm.loss(model, stretches), expected)


@pytest.mark.parametrize("changes", [{}, {"direct": True}, {"hidden": 0}])
def test_gradients_are_those_of_small_steps(changes):
    model = model_of(**changes).double()
    stretches = torch.tensor([[2, 5, 1], [0, 6, 3], [7, 2, 4]])
    nnlm.loss(model, stretches).backward()
    step = 1e-6
    for name, parameter in model.named_parameters():
        flat, grad = parameter.data.view(-1), parameter.grad.view(-1)
        for i in range(0, len(flat), 3):
            was = flat[i].item()
            ends = []
            for end in (was + step, was - step):
                flat[i] = end
                ends.append(nnlm.loss(model, stretches).item())
            flat[i] = was
            slope = (ends[0] - ends[1]) / (2 * step)
            assert slope == pytest.approx(grad[i].item(), abs=1e-7), (name, i)


def test_one_batch_can_be_learnt_by_heart():
    model = model_of().train()
    stretches = torch.tensor([[2, 5, 1], [0, 6, 3], [7, 2, 4], [5, 2, 0]])
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.05)
    for _ in range(80):
        optimiser.zero_grad()
        nnlm.loss(model, stretches).backward()
        optimiser.step()
    assert nnlm.loss(model, stretches).item() < 0.01


# Windows and scores


def test_each_word_has_a_window_that_ends_with_it():
    examples = Windows([4, 1, 6], SMALL)
    assert len(examples) == 3
    assert examples[np.arange(3)].tolist() == [[7, 7, 4], [7, 4, 1], [4, 1, 6]]
    assert examples[np.array([2, 0])].dtype == torch.int64


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_scores_are_those_of_the_logits(batch):
    model, ids = model_of(), [2, 5, 1, 0, 6]
    found = score(model, ids, batch)
    start = torch.tensor([7, 7])
    expected = [model.next(start).log_softmax(-1)[2].item()]
    logits = model(torch.tensor([ids])).log_softmax(-1)[0]
    expected += [logits[t, ids[t + 1]].item() for t in range(4)]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_probabilities_of_all_next_words_sum_to_one():
    model = model_of(direct=True)
    total = sum(math.exp(score(model, [2, 5, word])[-1]) for word in range(7))
    assert total == pytest.approx(1, abs=1e-6)


def test_scoring_leaves_the_mode_as_it_was_and_has_no_dropout():
    model = model_of(dropout=0.5).train()
    assert score(model, [2, 5, 1]).tolist() == score(model, [2, 5, 1]).tolist()
    assert model.training
    score(model.eval(), [2, 5])
    assert not model.training


def test_scores_stand_beside_those_of_an_ngram_model():
    ids = np.array([2, 5, 1, 0, 6, 2, 5, 1])
    counted = NgramModel(2, ModifiedKneserNey()).fit(ids, 7).score(ids)
    assert score(model_of(), ids).shape == counted.shape


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], r"a text is a line of ids, not of shape \(0,\)"),
        ([[1]], r"not of shape \(1, 1\)"),
        ([1, 7], r"the id 7 is not in 0\.\.6"),
        ([-1], r"the id -1 is not in 0\.\.6"),
    ],
)
def test_no_windows_are_made_of_these(ids, message):
    with pytest.raises(ValueError, match=message):
        Windows(ids, SMALL)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary_size": 0}, "vocabulary_size is 1 or more, not 0"),
        ({"order": 1}, "order is 2 or more, not 1"),
        ({"width": 0}, "width is 1 or more, not 0"),
        ({"hidden": -1}, "hidden is 0 or more, not -1"),
        ({"dropout": 1}, "dropout is from 0 to below 1, not 1"),
        ({"hidden": 0, "direct": True}, "all connections are direct"),
    ],
)
def test_no_model_is_made_of_these(changes, message):
    with pytest.raises(ValueError, match=message):
        Config(**{**SMALL.__dict__, **changes})


# Mixtures


def test_a_mixture_by_hand():
    # 0.25 * 0.8 + 0.75 * 0.4 = 0.5
    found = mixed(np.log([0.8]), np.log([0.4]), 0.25)
    assert np.exp(found).tolist() == pytest.approx([0.5])
    assert mixed(np.log([0.8]), np.log([0.4]), 1).tolist() == np.log([0.8]).tolist()
    assert mixed(np.log([0.8]), np.log([0.4]), 0).tolist() == np.log([0.4]).tolist()


def test_a_mixture_may_hold_a_model_that_rules_a_word_out():
    assert np.exp(mixed([-np.inf], np.log([0.4]), 0.5)) == pytest.approx([0.2])


def test_the_weight_is_the_best_on_a_grid():
    rng = np.random.default_rng(0)
    first, second = np.log(rng.uniform(0.01, 1, (2, 300)))
    found = mixing_weight(first, second)
    grid = np.linspace(0, 1, 1001)
    best = max(grid, key=lambda w: mixed(first, second, w).sum())
    assert found == pytest.approx(best, abs=1.5e-3)


def test_a_model_that_is_better_everywhere_has_all_the_weight():
    assert mixing_weight(np.log([0.5, 0.6]), np.log([0.499, 0.599])) == 1
    assert mixing_weight(np.log([0.1, 0.2]), np.log([0.101, 0.201])) == 0


def test_words_that_a_model_rules_out_do_not_break_the_weight():
    # The second alone can say the first word: its slope there has no end but -1/w.
    found = mixing_weight([-np.inf, 0.0, 0.0], np.log([0.5, 0.5, 0.5]))
    # ln((1 - w) / 2) + 2 ln((1 + w) / 2) is highest where 1 / (1 - w) = 2 / (1 + w)
    assert found == pytest.approx(1 / 3)
    assert 0 <= mixing_weight([-np.inf, -1.0], [-np.inf, -2.0]) <= 1


@pytest.mark.parametrize("wrong", [0.1, np.nan, np.inf])
def test_losses_are_not_taken_for_scores(wrong):
    for join in (mixing_weight, lambda a, b: mixed(a, b, 0.5)):
        with pytest.raises(ValueError, match=f"ln p is 0 or less, not {wrong}"):
            join([-1.0, -2.0], [-1.0, wrong])


@pytest.mark.parametrize("ids", [[1.9, 2.0], ["a"], [True, False]])
def test_ids_that_are_no_whole_numbers_are_refused(ids):
    with pytest.raises(ValueError, match="ids are whole numbers, not"):
        score(model_of(), ids)


def test_the_vectors_are_the_rows_of_the_words():
    model = model_of()
    assert model.vectors().shape == (7, model.config.width)
    np.testing.assert_array_equal(
        model.vectors(), model.table.weight.detach().numpy()[:7]
    )


def test_scores_of_two_texts_are_not_mixed():
    for join in (mixing_weight, lambda a, b: mixed(a, b, 0.5)):
        with pytest.raises(ValueError, match=r"not \(2,\) and \(1,\)"):
            join([-1.0, -2.0], [-1.0])
    with pytest.raises(ValueError, match="a weight is from 0 to 1, not 2"):
        mixed([-1.0], [-1.0], 2)
