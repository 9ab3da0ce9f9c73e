import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

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


# What a model reads

WORDS = ["a", "bb", "cccc"]


def rows(axes):
    """Return the texts of each line from the top down, its label first."""
    heights = sorted({text.get_position()[1] for text in axes.texts}, reverse=True)
    return [[t for t in axes.texts if t.get_position()[1] == y] for y in heights]


def test_order_n_reads_the_n_minus_one_words_before_the_last(axes):
    plot.context_windows(axes, WORDS, orders=(1, 2, 3, 5))
    read = {}
    for label, *words in rows(axes):
        boxes = {word.get_text(): word.get_bbox_patch() for word in words}
        assert list(boxes) == WORDS
        assert boxes["cccc"].get_edgecolor() == to_rgba(plot.COLOURS[1])
        blue = to_rgba(plot.LIGHT_BLUE, 0.5)
        read[label.get_text()] = [
            word for word, box in boxes.items() if box and box.get_facecolor() == blue
        ]
    # The text has two words before the last, so order 5 finds no more than order 3.
    expected = {
        "n = 1": [],
        "n = 2": ["bb"],
        "n = 3": ["a", "bb"],
        "n = 5": ["a", "bb"],
    }
    assert read == expected
    assert list(read) == list(expected)


def test_words_that_are_not_read_are_grey_and_thin(axes):
    plot.context_windows(axes, WORDS, orders=(2,))
    styles = {t.get_text(): (t.get_color(), t.get_fontweight()) for t in axes.texts[1:]}
    black = ("black", "bold")
    assert styles == {"a": ("#8c8c8c", "normal"), "bb": black, "cccc": black}


def test_words_stand_one_letter_apart_and_within_the_axes(axes):
    plot.context_windows(axes, WORDS, orders=(1, 2))
    for label, *words in rows(axes):
        middles = [word.get_position()[0] for word in words]
        # 1, 2 and 4 letters with a space between and half a one before: 0.5 to 1.5,
        # 2.5 to 4.5, 5.5 to 9.5
        assert middles == [1, 3.5, 7.5]
        assert axes.get_xlim()[0] < label.get_position()[0] < 0.5
        assert axes.get_xlim()[1] > 9.5
        assert axes.get_ylim()[0] < label.get_position()[1] < axes.get_ylim()[1]


# Bars and rows


def test_bars_stand_over_their_name_side_by_side_in_the_order_of_the_groups(axes):
    plot.grouped_bars(axes, ["x", "y"], {"one": [1, 2], "two": [3, 4], "three": [5, 6]})
    groups = {group.get_label(): list(group) for group in axes.containers}
    heights = {
        name: [bar.get_height() for bar in bars] for name, bars in groups.items()
    }
    assert heights == {"one": [1, 2], "two": [3, 4], "three": [5, 6]}
    for place in (0, 1):
        bars = [group[place] for group in groups.values()]
        lefts = np.array([bar.get_x() for bar in bars])
        rights = lefts + [bar.get_width() for bar in bars]
        assert (rights[:-1] < lefts[1:]).all()
        # Centred on the tick, and room is left to the next name.
        assert (lefts[0] + rights[-1]) / 2 == pytest.approx(place)
        assert rights[-1] < place + 0.5


def test_each_group_has_its_colour_and_its_name_in_the_legend(axes):
    plot.grouped_bars(axes, ["x", "y"], {"one": [1, 2], "two": [3, 4]})
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["one", "two"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["x", "y"]
    assert axes.get_xticks().tolist() == [0, 1]
    fills = [{bar.get_facecolor() for bar in group} for group in axes.containers]
    assert fills == [{to_rgba(plot.ORANGE)}, {to_rgba(plot.LIGHT_BLUE)}]


def test_losses_go_left_and_gains_right_each_in_its_colour(axes):
    plot.gains_and_losses(axes, ["up", "down", "same"], [2, -3, 0])
    bars = axes.patches
    assert [bar.get_width() for bar in bars] == [2, -3, 0]
    gain, loss = to_rgba(plot.COLOURS[0]), to_rgba(plot.COLOURS[1])
    assert [bar.get_facecolor() for bar in bars] == [gain, loss, gain]
    assert axes.get_lines()[0].get_xdata() == [0, 0]  # where neither begins


def names_from_the_top(axes):
    """Return the names beside the rows, read on the finished page."""
    axes.figure.draw_without_rendering()
    labels = axes.get_yticklabels()
    labels.sort(key=lambda label: -label.get_window_extent().y0)
    return [label.get_text() for label in labels]


def test_changes_are_named_from_the_top_down(axes):
    plot.gains_and_losses(axes, ["up", "down", "same"], [2, -3, 0])
    assert names_from_the_top(axes) == ["up", "down", "same"]
    middles = [bar.get_y() + bar.get_height() / 2 for bar in axes.patches]
    assert middles == axes.get_yticks().tolist()


def test_rows_are_marked_from_the_bottom_up(axes):
    plot.marked_rows(axes, ["low", "high"], [0.1, 0.9], ["note 1", "note 2"], mark=0.4)
    mark, points = axes.get_lines()
    assert mark.get_xdata() == [0.4, 0.4]
    assert mark.get_color() == plot.COLOURS[1]
    assert points.get_xydata().tolist() == [[0.1, 0], [0.9, 1]]
    assert (points.get_marker(), points.get_linestyle()) == ("o", "None")
    assert names_from_the_top(axes) == ["high", "low"]


def test_a_note_stands_right_of_the_axes_at_the_height_of_its_row(axes):
    plot.marked_rows(axes, ["low", "high"], [0.1, 0.9], ["note 1", "note 2"], mark=0.4)
    axes.figure.draw_without_rendering()
    assert [note.get_text() for note in axes.texts] == ["note 1", "note 2"]
    for row, note in enumerate(axes.texts):
        box = note.get_window_extent()
        assert box.x0 > axes.get_window_extent().x1
        height = axes.transData.transform((0, row))[1]
        assert (box.y0 + box.y1) / 2 == pytest.approx(height, abs=2)


@pytest.mark.parametrize("number", [0, 4])
def test_no_group_or_a_fourth_is_refused(number):
    _, axes = plt.subplots()
    groups = {f"g{i}": [1.0] for i in range(number)}
    with pytest.raises(ValueError, match=f"1 to 3 groups, not {number}"):
        plot.grouped_bars(axes, ["a"], groups)


def test_every_word_of_the_context_has_a_row_of_its_own(axes):
    words = ["the", "joiner", "mended", "the"]
    plot.neural_language_model(axes, words, "ladder")
    written = [text.get_text() for text in axes.texts]
    assert [word for word in written if word in words] == words
    squares = [p for p in axes.patches if p.get_y() == 1.5]
    assert len(squares) == 3 * len(words)
    bars = [p for p in axes.patches if p.get_y() == 6]
    tallest = max(bars, key=lambda bar: bar.get_height())
    (name,) = (text for text in axes.texts if text.get_text() == "ladder")
    assert tallest.get_x() < name.get_position()[0] < tallest.get_x() + 2


def test_a_path_goes_from_a_small_dot_to_a_large_one_with_its_name(axes):
    places = np.array([[[0, 0], [1, 1]], [[2, 0], [1, 3]], [[4, 1], [0, 5]]])
    plot.paths(axes, places, ["Anna", "Tom"])
    for number, name in enumerate(["Anna", "Tom"]):
        way, start, end = axes.get_lines()[3 * number : 3 * number + 3]
        assert way.get_xydata().tolist() == places[:, number].tolist()
        assert start.get_xydata().tolist() == [places[0, number].tolist()]
        assert end.get_xydata().tolist() == [places[-1, number].tolist()]
        assert start.get_markersize() < end.get_markersize()
        assert axes.texts[number].get_text() == name
        assert list(axes.texts[number].xy) == places[-1, number].tolist()


def test_a_kind_is_named_in_the_middle_of_its_points(axes):
    places = np.array([[0, 0], [10, 0], [2, 4], [10, 2], [1, 2]])
    plot.map_of_kinds(axes, places, ["a", "b", "a", "b", "a"])
    names = {t.get_text(): t.get_position() for t in axes.texts}
    assert names == {"a": (1, 2), "b": (10, 1)}
    first, second = axes.get_lines()
    assert sorted(first.get_xydata().tolist()) == [[0, 0], [1, 2], [2, 4]]
    assert (first.get_color(), first.get_marker()) != (
        second.get_color(),
        second.get_marker(),
    )


def test_twelve_kinds_have_twelve_looks(axes):
    plot.map_of_kinds(axes, np.zeros((12, 2)), [f"kind {i}" for i in range(12)])
    looks = {(one.get_color(), one.get_marker()) for one in axes.get_lines()}
    assert len(looks) == 12


def test_the_best_model_is_the_lowest_rung_with_its_mean(axes):
    rungs = {"good": [1.0, 3.0], "bad": [60.0], "fair": [30.0, 34.0]}
    plot.ladder(axes, rungs, new=["fair"], floor=0.5)
    assert names_from_the_top(axes) == ["bad", "fair", "good"]
    means = {
        name: float(axes.get_lines()[2 * height + 1].get_xdata()[0])
        for height, name in enumerate(["good", "fair", "bad"])
    }
    assert means == {"good": 2, "fair": 32, "bad": 60}
    shown = [text.get_text().strip() for text in axes.texts]
    assert shown == ["2.00", "32", "60", "entropy floor 0.50"]
    colours = [axes.get_lines()[2 * height + 1].get_color() for height in range(3)]
    assert colours == [plot.COLOURS[0], plot.COLOURS[1], plot.COLOURS[0]]
    assert axes.get_lines()[-1].get_xdata() == [0.5, 0.5]
