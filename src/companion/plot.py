"""How the book draws: one style, and lines that carry their own names.

Functions here take arrays and an Axes, draw, and save nothing.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

# The four lines of style file and book, in order.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#000000")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
# Fills only: too light for lines and letters.
ORANGE, LIGHT_BLUE = "#E69F00", "#56B4E9"
# Lines that are there for comparison, told apart by their names alone.
GREYS = ("#707070", "#8c8c8c", "#a6a6a6")

LABEL_SIZE = 11  # points
LABEL_GAP = 1.25 * LABEL_SIZE  # from one name to the next, points


def use_style() -> None:
    """Apply the book's style to every figure made afterwards."""
    with as_file(files("companion") / "book.mplstyle") as path:
        plt.style.use(path)


def lines(
    axes: Axes,
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    emphasis: Sequence[str] | None = None,
) -> None:
    """Draw each series over `x` with its name at its right end.

    Call it last, once scales, limits and axis labels stand: the names are
    moved apart by where their lines end on the finished page. What is not
    finite is left out, and the name then stands where the line stops.

    Args:
        axes: Where to draw.
        x: Shape (N,), shared by all series.
        series: Values by name, each of shape (N,).
        emphasis: At most four names, drawn in the book's colours in this
            order; the others are thin and grey. The first four when None.

    Raises:
        ValueError: More than four names are emphasised, one of them is no
            series, or a series has another length than `x` or no finite value.
    """
    if emphasis is None:
        emphasis = list(series)[: len(COLOURS)]
    _check(x, series, emphasis)
    x = np.asarray(x, dtype=float)
    others = [name for name in series if name not in emphasis]
    ends = {}
    # Grey first: the lines that matter lie on top.
    for name in [*others, *emphasis]:
        y = np.asarray(series[name], dtype=float)
        finite = np.isfinite(y)
        style = _style(name, emphasis, others)
        axes.plot(x[finite], y[finite], **style)
        ends[name] = (x[finite][-1], y[finite][-1], style["color"])
    _label(axes, ends, emphasis)


def _check(x, series, emphasis) -> None:
    if len(emphasis) > len(COLOURS):
        raise ValueError(
            f"emphasis has {len(emphasis)} names; the book has {len(COLOURS)} lines"
        )
    for name in emphasis:
        if name not in series:
            raise ValueError(f"emphasis {name!r} is no series; there are {[*series]}")
    for name, values in series.items():
        if len(values) != len(x):
            raise ValueError(f"{name!r} has {len(values)} values; x has {len(x)}")
        if not np.isfinite(np.asarray(values, dtype=float)).any():
            raise ValueError(f"{name!r} has no finite value to draw")


def _style(name: str, emphasis: Sequence[str], others: Sequence[str]) -> dict:
    if name in emphasis:
        place = list(emphasis).index(name)
        return {
            "color": COLOURS[place],
            "linestyle": DASHES[place],
            "marker": MARKERS[place],
            "zorder": 3,
        }
    return {
        "color": GREYS[others.index(name) % len(GREYS)],
        "linestyle": "-",
        "linewidth": 1.2,
        "marker": ".",
        "zorder": 2,
    }


def _label(axes: Axes, ends: Mapping[str, tuple], emphasis: Sequence[str]) -> None:
    """Write each name beside the end of its line, moved apart where they meet."""
    # The layout decides how high the axes are, and it runs when drawing.
    axes.figure.draw_without_rendering()
    points = 72 / axes.figure.dpi
    # Only names that stand in the same column can run into each other.
    for column in {x for x, _, _ in ends.values()}:
        names = [name for name in ends if ends[name][0] == column]
        wanted = [axes.transData.transform(ends[n][:2])[1] * points for n in names]
        for name, old, new in zip(names, wanted, spread(wanted), strict=True):
            x, y, colour = ends[name]
            axes.annotate(
                name,
                (x, y),
                xytext=(18, new - old),
                textcoords="offset points",
                va="center",
                fontsize=LABEL_SIZE,
                # The colours of the lines are a little pale for letters.
                color=[0.75 * channel for channel in to_rgb(colour)],
                fontweight="bold" if name in emphasis else "normal",
                arrowprops={
                    "arrowstyle": "-",
                    "color": colour,
                    "linewidth": 0.7,
                    "relpos": (0, 0.5),
                    "shrinkB": 4,
                },
                annotation_clip=False,
            )


def spread(wanted: Sequence[float], gap: float = LABEL_GAP) -> np.ndarray:
    """Return the positions nearest to those wanted that keep `gap` between them.

    The order stays. Neighbours that are too close become one group, centred
    where its members wanted to be: least squares, by pooling.

    Args:
        wanted: Positions, shape (N,), in any order and unit.
        gap: The smallest distance to leave, same unit.

    >>> spread([0, 1, 50], gap=10).tolist()
    [-4.5, 5.5, 50.0]
    """
    wanted = np.asarray(wanted, dtype=float)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    groups: list[list[float]] = []
    for position in wanted[order] - steps:
        groups.append([position])
        while len(groups) > 1 and np.mean(groups[-2]) > np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    pooled = np.concatenate([np.full(len(g), np.mean(g)) for g in groups])
    placed = np.empty_like(wanted)
    placed[order] = pooled + steps
    return placed


def context_windows(axes: Axes, words: Sequence[str], orders: Sequence[int]) -> None:
    """Show what a model of each order reads before the last word of a text.

    Args:
        axes: Where to draw.
        words: The text, its last word the one to predict.
        orders: One line of text is drawn for each.
    """
    ends = np.cumsum([len(word) + 1 for word in words])  # in letters
    for line, n in enumerate(orders):
        axes.text(-3, -line, f"n = {n}", ha="right", va="center")
        for i, (word, end) in enumerate(zip(words, ends, strict=True)):
            last, read = i == len(words) - 1, len(words) - n <= i
            axes.text(
                end - (len(word) + 1) / 2,
                -line,
                word,
                ha="center",
                va="center",
                family="monospace",
                fontsize=10,
                color="black" if read else "#8c8c8c",
                fontweight="bold" if read else "normal",
                bbox={"boxstyle": "round", "fc": "none", "ec": COLOURS[1]}
                if last
                else {
                    "boxstyle": "square",
                    "fc": LIGHT_BLUE,
                    "ec": "none",
                    "alpha": 0.5,
                }
                if read
                else None,
            )
    axes.set(xlim=(-9, ends[-1] + 1), ylim=(0.6 - len(orders), 0.6))
    axes.axis("off")


def grouped_bars(
    axes: Axes, names: Sequence[str], groups: Mapping[str, Sequence[float]]
) -> None:
    """Draw bars side by side for each name, one of each group, with a legend.

    Args:
        axes: Where to draw.
        names: What the bars stand over, shape (N,).
        groups: Heights by group, each of shape (N,).

    Raises:
        ValueError: There is no group, or more than three.
    """
    fills = (ORANGE, LIGHT_BLUE, COLOURS[0])
    if not 0 < len(groups) <= len(fills):
        raise ValueError(f"1 to {len(fills)} groups, not {len(groups)}: {[*groups]}")
    width = 0.8 / len(groups)
    for place, (group, heights) in enumerate(groups.items()):
        left = np.arange(len(names)) - 0.4 + (place + 0.5) * width
        axes.bar(left, heights, width * 0.92, label=group, color=fills[place])
    axes.set_xticks(range(len(names)), names)
    axes.grid(axis="x", visible=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(groups))


def gains_and_losses(
    axes: Axes, names: Sequence[str], changes: Sequence[float]
) -> None:
    """Draw a bar to the left for each loss and one to the right for each gain.

    Args:
        axes: Where to draw.
        names: Drawn from the top down, shape (N,).
        changes: Shape (N,).
    """
    colours = [COLOURS[1] if change < 0 else COLOURS[0] for change in changes]
    axes.barh(range(len(names)), changes, color=colours)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(0, color="#555555", linewidth=0.8)
    axes.grid(axis="y", visible=False)


def marked_rows(
    axes: Axes,
    names: Sequence[str],
    values: Sequence[float],
    notes: Sequence[str],
    mark: float,
) -> None:
    """Draw one value a row as a point, a note beside the row, a line across all.

    Args:
        axes: Where to draw.
        names: Names of the rows from the bottom up, shape (N,).
        values: Shape (N,).
        notes: What stands at the right end of each row, shape (N,).
        mark: The value that all are compared with.
    """
    axes.axvline(mark, color=COLOURS[1])
    axes.plot(values, range(len(names)), "o", color=COLOURS[0])
    axes.set_yticks(range(len(names)), names)
    for row, note in enumerate(notes):
        axes.text(1.03, row, note, transform=axes.get_yaxis_transform(), va="center")


def neural_language_model(axes: Axes, context: Sequence[str], following: str) -> None:
    """Show the layers of a neural language model, from its words to the next one.

    Args:
        axes: Where to draw.
        context: The words that the model reads.
        following: The word that its output puts ahead of the others.
    """
    box = {"boxstyle": "round", "fc": "none", "ec": "#555555"}
    arrow = {"arrowstyle": "->", "color": "#555555"}
    for place, word in enumerate(context):
        left = 4 * place
        axes.text(left + 1, 0, word, ha="center", va="center", bbox=box)
        for square in range(3):
            axes.add_patch(
                plt.Rectangle(
                    (left + 0.7 * square, 1.5), 0.6, 0.6, fc=LIGHT_BLUE, ec="#555555"
                )
            )
        axes.annotate("", (left + 1, 1.4), (left + 1, 0.4), arrowprops=arrow)
    width = 4 * len(context) - 2
    units = np.linspace(0.08 * width, 0.92 * width, 8)
    axes.scatter(units, [4] * len(units), s=130, color=ORANGE, edgecolor="#555555")
    heights = np.array([0.3, 0.2, 0.5, 0.25, 0.15, 1.5, 0.4, 0.2, 0.3, 0.45, 0.2, 0.3])
    bars = np.linspace(0, width, len(heights))
    colours = [COLOURS[1] if h == heights.max() else GREYS[2] for h in heights]
    axes.bar(bars, heights, 0.5, bottom=6, color=colours)
    axes.text(bars[heights.argmax()] + 0.5, 7.2, following, color=COLOURS[1])
    for low, high in ((2.3, 3.6), (4.4, 5.8)):
        for end in units[::2]:
            for start in (0.15 * width, 0.5 * width, 0.85 * width):
                axes.plot(
                    [start, end],
                    [low, high],
                    color=GREYS[2],
                    linestyle="-",
                    linewidth=0.6,
                    marker="",
                )
    names = (
        "words",
        "rows of Q:\nthe input x",
        "hidden units",
        "softmax: p of\neach word",
    )
    for name, height in zip(names, (0, 1.8, 4, 6.5), strict=True):
        axes.text(-1, height, name, ha="right", va="center")
    axes.set(xlim=(-5.5, width + 1), ylim=(-0.6, 7.9))
    axes.grid(visible=False)
    axes.axis("off")


def paths(axes: Axes, places: np.ndarray, names: Sequence[str]) -> None:
    """Draw where points go, each from a small dot to a large one with its name.

    Args:
        axes: Where to draw.
        places: Shape (steps, N, 2).
        names: One for each of the N points, at most four.
    """
    for name, colour, dash, line in zip(
        names, COLOURS, DASHES, np.swapaxes(places, 0, 1), strict=False
    ):
        axes.plot(*line.T, color=colour, linestyle=dash, marker="")
        axes.plot(*line[0], "o", color=colour, markersize=4)
        axes.plot(*line[-1], "o", color=colour, markersize=9)
        axes.annotate(
            name, line[-1], xytext=(0, 9), textcoords="offset points", ha="center"
        )
    axes.axhline(0, color="#555555", linewidth=0.8)
    axes.axvline(0, color="#555555", linewidth=0.8)
    axes.margins(0.15)


def map_of_kinds(axes: Axes, places: np.ndarray, kinds: Sequence[str]) -> None:
    """Draw points on a map, and the name of each kind in the middle of its points.

    Kinds take the book's four colours in turn, and then its next marker.

    Args:
        axes: Where to draw; both axes get the same scale.
        places: Shape (N, 2).
        kinds: The kind of each point, shape (N,).
    """
    kinds = np.asarray(kinds)
    for number, kind in enumerate(dict.fromkeys(kinds.tolist())):
        here = places[kinds == kind]
        axes.plot(
            *here.T,
            MARKERS[number // 4 % 4],
            color=COLOURS[number % 4],
            markersize=4,
            alpha=0.6,
        )
        axes.text(
            *np.median(here, axis=0),
            kind,
            ha="center",
            va="center",
            fontweight="bold",
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"},
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticks=[], yticks=[], xlabel="first direction", ylabel="second direction")
    axes.grid(visible=False)


def ladder(
    axes: Axes,
    rungs: Mapping[str, Sequence[float]],
    new: Sequence[str] = (),
    floor: float | None = None,
) -> None:
    """Draw models as rungs, the best at the bottom, over what they pay.

    Args:
        axes: Where to draw.
        rungs: What a model pays in each of its worlds or seeds, by its name.
        new: Names of the rungs that this chapter adds.
        floor: What no model can be below, if it is known.
    """
    names = sorted(rungs, key=lambda name: -np.mean(rungs[name]))
    for height, name in enumerate(reversed(names)):
        values = np.asarray(rungs[name], dtype=float)
        colour = COLOURS[1] if name in new else COLOURS[0]
        axes.plot(values, [height] * len(values), "|", color=colour, markersize=9)
        axes.plot(values.mean(), height, "o", color=colour)
        axes.annotate(
            f"{values.mean():,.2f}" if values.mean() < 20 else f"{values.mean():,.0f}",
            (values.max(), height),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=LABEL_SIZE,
        )
    axes.set_yticks(range(len(names)), reversed(names))
    for label in axes.get_yticklabels():
        if label.get_text() in new:
            label.set(color=[0.75 * c for c in to_rgb(COLOURS[1])], fontweight="bold")
    if floor is not None:
        axes.axvline(floor, color="black", linestyle=":")
        axes.set_ylim(-0.6, len(names) + 0.1)
        axes.text(floor, len(names) - 0.3, f" entropy floor {floor:.2f}", va="center")
    axes.grid(axis="y", visible=False)
