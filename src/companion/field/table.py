"""A table without a number, whose rows lead somewhere: for lists of data sets.

Chapters: none; the page "Data cards". Unlike `companion.show.table`, its first
column links, and it stands on a page without numbered figures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

RULE = "1px solid rgba(128,128,128,.35)"


@dataclass(frozen=True)
class Table:
    """A table whose first column links; the columns in `right` hold numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...]
    right: tuple[int, ...]

    def _html_row(self, tag: str, cells: Iterable[str]) -> str:
        html = []
        for column, cell in enumerate(cells):
            side = "right;white-space:nowrap" if column in self.right else "left"
            scope = ' scope="col"' if tag == "th" else ""
            html.append(
                f'<{tag}{scope} style="text-align:{side};padding:.35em .7em;'
                f'border-bottom:{RULE};font-variant-numeric:tabular-nums">{cell}</{tag}>'
            )
        return f"<tr>{''.join(html)}</tr>"

    def _repr_html_(self) -> str:
        body = ""
        for (first, *others), link in zip(self.rows, self.links, strict=True):
            linked = f'<a href="{escape(link)}">{escape(first)}</a>'
            body += self._html_row("td", [linked, *map(escape, others)])
        # A wide table scrolls inside its own box; the page never does.
        return (
            '<div style="overflow-x:auto;margin:1em 0" tabindex="0">'
            '<table style="border-collapse:collapse;margin:0;border:0;font-size:.92em">'
            f"<thead>{self._html_row('th', map(escape, self.header))}</thead>"
            f"<tbody>{body}</tbody></table></div>"
        )

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = []
        for line in lines:
            cells = enumerate(zip(line, widths, strict=True))
            padded = [
                c.rjust(w) if i in self.right else c.ljust(w) for i, (c, w) in cells
            ]
            text.append("  ".join(padded).rstrip())
        return "\n".join(text)
