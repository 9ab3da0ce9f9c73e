import base64
import io
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import pytest
from matplotlib.image import imread

from companion import show


def drawn():
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.plot([1, 2, 3])
    return figure


def shown(**changed):
    arguments = {"number": "2.1", "caption": "It rises.", "alt": "A line."} | changed
    return show.figure(drawn(), **arguments)


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.opened, self.attributes, self.text = [], {}, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.attributes.setdefault(tag, dict(attrs))

    def handle_data(self, data):
        self.text += data


def test_a_figure_carries_number_caption_and_alternative_text():
    tags = Tags(shown()._repr_html_())
    assert tags.attributes["figure"]["id"] == "fig-2-1"
    assert tags.attributes["img"]["alt"] == "A line."
    assert tags.text == "Figure 2.1. It rises."


def test_a_figure_reads_as_plain_text_too():
    assert repr(shown()) == "Figure 2.1. It rises.\n[A line.]"


def test_the_image_has_two_pixels_for_each_that_the_page_gives_it():
    tags = Tags(shown()._repr_html_())
    encoded = tags.attributes["img"]["src"].removeprefix("data:image/png;base64,")
    pixels = imread(io.BytesIO(base64.b64decode(encoded)))
    assert pixels.shape[1] // 2 == int(tags.attributes["img"]["width"])
    assert "max-width:100%" in tags.attributes["img"]["style"]


def test_a_shown_figure_is_closed_so_that_it_is_not_drawn_twice():
    before = plt.get_fignums()
    shown()
    assert plt.get_fignums() == before


def test_captions_and_alternative_texts_cannot_inject_markup():
    html = shown(caption="a <b> & c", alt='say "<i>"')._repr_html_()
    tags = Tags(html)
    assert not {"b", "i"} & set(tags.opened)
    assert tags.text == "Figure 2.1. a <b> & c"
    assert tags.attributes["img"]["alt"] == 'say "<i>"'


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"caption": " "}, "caption ' ' is empty"),
        ({"alt": ""}, "alt '' is empty"),
        ({"number": "2"}, "number '2' is not"),
        ({"number": "2.1b"}, "number '2.1b' is not"),
    ],
)
def test_a_figure_without_its_texts_is_refused(changed, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        shown(**changed)


def table(rows, header=("name", "value")):
    return show.table(header, rows, number="2.3", caption="Two & two.")


def test_a_table_carries_number_caption_header_and_cells():
    tags = Tags(table([["a<b", 1]])._repr_html_())
    assert tags.attributes["figure"]["id"] == "tab-2-3"
    assert tags.text == "Table 2.3. Two & two.namevaluea<b1"
    assert tags.opened.count("th") == 2
    assert tags.opened.count("td") == 2


def test_a_wide_table_scrolls_in_its_own_box():
    tags = Tags(table([["a", 1]])._repr_html_())
    assert "overflow-x:auto" in tags.attributes["div"]["style"]


@pytest.mark.parametrize(
    ("cell", "side"),
    [
        (12, "right"),
        ("355.7", "right"),
        ("1,234,567", "right"),
        ("91 %", "right"),
        ("−0.5", "right"),
        ("3.2e-5", "right"),
        ("∞", "right"),
        ("KN-5", "left"),
        ("2 words", "left"),
    ],
)
def test_columns_of_numbers_are_aligned_to_the_right_and_words_to_the_left(cell, side):
    assert f"text-align:{side}" in table([[cell]], ["x"])._repr_html_()


def test_integers_get_thousands_separators():
    assert "1,234,567" in repr(table([["a", 1234567]]))


def test_a_table_reads_as_plain_text_too():
    assert repr(table([["a", 1], ["bb", 200]])).splitlines() == [
        "Table 2.3. Two & two.",
        "name  value",
        "a         1",
        "bb      200",
    ]


def test_a_row_of_another_length_than_the_header_is_refused():
    with pytest.raises(ValueError, match=r"\['a'\] has 1 cells; the header has 2"):
        table([["a"]])


def test_a_table_without_rows_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        table([])


def test_source_is_shown_as_a_fence_without_its_indentation():
    class Holder:
        def method(self):
            return 1

    shown = show.source(Holder.method)
    assert repr(shown) == "def method(self):\n    return 1\n"
    assert shown._repr_markdown_() == f"```python\n{shown!r}```"
