import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from companion import plot

X = [1, 2, 3]


@pytest.fixture
def axes():
    with plt.rc_context():
        plot.use_style()
        yield plt.subplots()[1]


def lines_by_name(axes, names):
    # Drawn grey first, then the emphasised ones in the book's order.
    return dict(zip(names, axes.get_lines(), strict=True))


def test_the_style_file_and_the_module_agree_on_the_four_lines(axes):
    cycle = mpl.rcParams["axes.prop_cycle"].by_key()
    assert cycle["color"] == list(plot.COLOURS)
    assert cycle["linestyle"] == list(plot.DASHES)
    assert cycle["marker"] == list(plot.MARKERS)


def test_emphasised_lines_take_the_books_colours_in_the_order_they_are_named(axes):
    plot.lines(axes, X, {"a": X, "b": X, "c": X}, emphasis=["c", "a"])
    drawn = lines_by_name(axes, ["b", "c", "a"])
    assert drawn["c"].get_color() == plot.COLOURS[0]
    assert drawn["a"].get_color() == plot.COLOURS[1]
    assert drawn["b"].get_color() in plot.GREYS


def test_no_two_emphasised_lines_share_colour_dash_or_marker(axes):
    plot.lines(axes, X, {name: X for name in "abcd"})
    for first, second in itertools.combinations(axes.get_lines(), 2):
        assert first.get_color() != second.get_color()
        assert first.get_linestyle() != second.get_linestyle()
        assert first.get_marker() != second.get_marker()


def test_names_of_lines_that_end_together_do_not_overlap(axes):
    series = {f"line {i}": [1, 2, 3 + i / 1000] for i in range(6)}
    plot.lines(axes, X, series)
    axes.figure.draw_without_rendering()
    # The box of an annotation holds its leader too; the words are what counts.
    boxes = [mpl.text.Text.get_window_extent(text) for text in axes.texts]
    assert {text.get_text() for text in axes.texts} == set(series)
    for first, second in itertools.combinations(boxes, 2):
        assert not first.overlaps(second)


def test_a_value_that_is_not_finite_ends_the_line_and_its_name_stands_there(axes):
    plot.lines(axes, X, {"a": [5, np.inf, np.inf], "b": [1, 2, np.nan]})
    ends = {text.get_text(): text.xy for text in axes.texts}
    assert ends == {"a": (1, 5), "b": (2, 2)}


@pytest.mark.parametrize(
    ("series", "emphasis", "message"),
    [
        ({name: X for name in "abcde"}, list("abcde"), "5 names; the book has 4"),
        ({"a": X}, ["z"], "'z' is no series"),
        ({"a": [1, 2]}, None, "'a' has 2 values; x has 3"),
        ({"a": [np.inf] * 3}, None, "'a' has no finite value"),
    ],
)
def test_what_cannot_be_drawn_is_refused(axes, series, emphasis, message):
    with pytest.raises(ValueError, match=message):
        plot.lines(axes, X, series, emphasis=emphasis)


def test_positions_far_enough_apart_stay_where_they_are():
    assert plot.spread([30, 0, 15], gap=10).tolist() == [30, 0, 15]


def test_spread_keeps_order_gap_and_centre():
    rng = np.random.default_rng(0)
    wanted = rng.uniform(0, 40, size=7)
    placed = plot.spread(wanted, gap=10)
    assert (np.argsort(placed) == np.argsort(wanted)).all()
    assert np.diff(np.sort(placed)).min() >= 10 - 1e-9
    # Pooling replaces positions by their means, so the mean stays.
    assert placed.mean() == pytest.approx(wanted.mean())
