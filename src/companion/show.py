"""What a page shows: numbered figures, numbered tables and the package's own code.

Jupyter, Colab and the built book each read other parts of a notebook's
metadata, so a caption kept there is seen in one of them alone. The objects here
carry number, caption and alternative text in their own HTML, and in their plain
text where there is no HTML.
"""

import base64
import inspect
import io
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from numbers import Integral
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

PIXELS_PER_INCH = 96  # what a CSS inch is
SCALE = 2  # image pixels for one CSS pixel, for sharp screens and print
# What a column of numbers holds: signs, separators, units that touch the number.
NUMBER = re.compile(r"[<>≈~±+−-]?\s?(\d[\d.,\s]*([eE][+-]?\d+)?|∞|inf)\s?[%×s]?")


@dataclass(frozen=True)
class NumberedFigure:
    """A figure as an image with its number, caption and alternative text."""

    png: bytes
    width: int
    number: str
    caption: str
    alt: str

    def _repr_html_(self) -> str:
        image = base64.b64encode(self.png).decode("ascii")
        # The white card keeps dark ink readable on a dark page.
        return (
            f'<figure class="companion-figure" id="fig-{self.number.replace(".", "-")}"'
            ' style="margin:1em 0">'
            f'<img src="data:image/png;base64,{image}" alt="{escape(self.alt)}"'
            f' width="{self.width}" style="max-width:100%;height:auto;'
            'background:#fff;padding:6px;border-radius:6px;box-sizing:border-box">'
            f"{_caption('Figure', self.number, self.caption)}</figure>"
        )

    def __repr__(self) -> str:
        return f"Figure {self.number}. {self.caption}\n[{self.alt}]"


@dataclass(frozen=True)
class NumberedTable:
    """A table with its number and caption; its cells are strings."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    number: str
    caption: str

    def _aligned_right(self) -> list[bool]:
        """Say for each column whether all that it holds are numbers."""
        columns = zip(*self.rows, strict=True)
        return [
            all(NUMBER.fullmatch(c) or c in ("–", "—") for c in col) for col in columns
        ]

    def _html_row(self, tag: str, cells: Sequence[str]) -> str:
        html = []
        for cell, right in zip(cells, self._aligned_right(), strict=True):
            # A number and its unit stay on one line; words may wrap.
            side = "right;white-space:nowrap" if right else "left"
            scope = ' scope="col"' if tag == "th" else ""
            html.append(
                f'<{tag}{scope} style="text-align:{side};padding:.3em .8em;'
                "border-bottom:1px solid rgba(128,128,128,.35);"
                f'font-variant-numeric:tabular-nums">{escape(cell)}</{tag}>'
            )
        return f"<tr>{''.join(html)}</tr>"

    def _repr_html_(self) -> str:
        body = "".join(self._html_row("td", row) for row in self.rows)
        # A wide table scrolls inside its own box; caption and page never do.
        return (
            f'<figure class="companion-table" id="tab-{self.number.replace(".", "-")}"'
            ' style="margin:1em 0">'
            f"{_caption('Table', self.number, self.caption)}"
            '<div style="overflow-x:auto" tabindex="0">'
            '<table style="border-collapse:collapse;margin:0;border:0">'
            f"<thead>{self._html_row('th', self.header)}</thead>"
            f"<tbody>{body}</tbody></table></div></figure>"
        )

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = self._aligned_right()
        text = [f"Table {self.number}. {self.caption}"]
        for line in lines:
            cells = zip(line, widths, aligned, strict=True)
            padded = (c.rjust(w) if right else c.ljust(w) for c, w, right in cells)
            text.append("  ".join(padded).rstrip())
        return "\n".join(text)


@dataclass(frozen=True)
class Source:
    """The source code of one function or class."""

    code: str

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.code}```"

    def __repr__(self) -> str:
        return self.code


def figure(figure: Figure, *, number: str, caption: str, alt: str) -> NumberedFigure:
    """Return the figure with its number, caption and alternative text.

    The matplotlib figure is closed, so that a notebook does not draw it twice.

    Args:
        figure: The finished matplotlib figure.
        number: Chapter and place in it, such as "2.1".
        caption: The claim, then how to read the figure. Plain text.
        alt: What is seen, for a reader who cannot see it. Plain text.

    Raises:
        ValueError: The number is malformed, or the caption or `alt` is empty.
    """
    _check(number, caption=caption, alt=alt)
    buffer = io.BytesIO()
    dpi = SCALE * PIXELS_PER_INCH
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight")
    plt.close(figure)
    png = buffer.getvalue()
    # A PNG file keeps its width in bytes 16 to 20.
    width = int.from_bytes(png[16:20], "big") // SCALE
    return NumberedFigure(png, width, number, caption, alt)


def table(
    header: Sequence[Any], rows: Sequence[Sequence[Any]], *, number: str, caption: str
) -> NumberedTable:
    """Return a table whose columns of numbers are aligned to the right.

    Args:
        header: One name for each column.
        rows: The cells, row by row. Integers get thousands separators;
            everything else is shown as `str` gives it, so round floats first.
        number: Chapter and place in it, such as "2.1".
        caption: The claim, then how to read the table. Plain text.

    Raises:
        ValueError: The number is malformed, the caption is empty, there is no
            row, or a row has not as many cells as the header.

    >>> table(["n", "perplexity"], [[2, "370.0"], [3, "357.7"]],
    ...       number="2.1", caption="Two orders.")
    Table 2.1. Two orders.
    n  perplexity
    2       370.0
    3       357.7
    """
    _check(number, caption=caption)
    if not rows:
        raise ValueError("`rows` is empty; a table needs at least one row")
    for row in rows:
        if len(row) != len(header):
            raise ValueError(
                f"row {list(row)!r} has {len(row)} cells; the header has {len(header)}"
            )
    cells = tuple(tuple(_cell(value) for value in row) for row in rows)
    return NumberedTable(tuple(map(str, header)), cells, number, caption)


def source(obj: Callable | type) -> Source:
    """Return the source code of a function or class, as the page shows it."""
    return Source(textwrap.dedent(inspect.getsource(obj)))


def _cell(value: Any) -> str:
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    return f"{value:,}" if is_integer else str(value)


def _caption(kind: str, number: str, caption: str) -> str:
    return (
        '<figcaption style="text-align:left;font-size:.9em;line-height:1.45;'
        'padding:.5em 0;max-width:44em">'
        f"<strong>{kind} {number}.</strong> {escape(caption)}</figcaption>"
    )


def _check(number: str, **texts: str) -> None:
    if not re.fullmatch(r"\d+\.\d+", number):
        raise ValueError(f'number {number!r} is not "chapter.place", such as "2.1"')
    for name, text in texts.items():
        if not text.strip():
            raise ValueError(f"{name} {text!r} is empty; every reader needs it")
