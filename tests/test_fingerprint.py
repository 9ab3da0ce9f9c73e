"""Fingerprints change with the code that a measurement runs, and with nothing else."""

import importlib
import itertools
import sys

import pytest

from companion.experiments import fingerprint as fingerprints
from companion.experiments.ngram import gap, tables

NUMBERS = itertools.count()  # a package of a new name for each test

HELPERS = """\
from {package}.deep import DEPTH, Base, again

def helper(x):
    return x + DEPTH

def other(x):
    return x - 1

def marked(function):
    return again(function)
"""
DEEP = """\
DEPTH = 3
TABLE = {}
TABLE[1] = 2

class Base:
    def area(self):
        return 1

def again(function):
    return function

def nobody():
    return 0
"""
MAIN = '''\
"""What the module is."""

import math

from {package} import helpers
from {package}.helpers import helper as aid, marked
from {package}.deep import Base as Bottom

SCALE = 2.0  # a constant
START = 7
UNUSED = 1


class Shape(Bottom):
    """A shape."""

    def size(self):
        return self.area()


def corpus():
    """Return what is read."""
    return [1, 2]


def split(corpus):
    return corpus[:1]


@marked
def measure(split, seed, start=START):
    """Return what is measured."""
    # A comment.
    return near(split) * SCALE + aid(1) + helpers.other(2) + Shape().size()


def near(x):
    return far(x)


def far(x):
    return near(x) if x else math.inf


def unrelated():
    return UNUSED
'''


class Package:
    """A package of three modules in a folder; tells the fingerprint of `measure`."""

    def __init__(self, folder):
        self.name = f"fingerprinted_{next(NUMBERS)}"
        self.folder = folder / self.name
        self.folder.mkdir()
        texts = {"__init__": "", "main": MAIN, "helpers": HELPERS, "deep": DEEP}
        for module, text in texts.items():
            self.write(module, text.replace("{package}", self.name))

    def write(self, module, text):
        (self.folder / f"{module}.py").write_text(text)
        importlib.invalidate_caches()

    def change(self, module, old, new):
        path = self.folder / f"{module}.py"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        path.write_text(text.replace(old, new.replace("{package}", self.name)))

    def fingerprint(self, name="measure"):
        fingerprints._definitions.cache_clear()
        fingerprints._fingerprint.cache_clear()
        return fingerprints._fingerprint(f"{self.name}.main", name)

    def reached(self, name="measure"):
        fingerprints._definitions.cache_clear()
        places = fingerprints._reach((f"{self.name}.main", name))
        return {f"{module.partition('.')[2]}.{name}" for module, name in places}


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    made = Package(tmp_path)
    yield made
    for module in [name for name in sys.modules if name.startswith(made.name)]:
        del sys.modules[module]
    fingerprints._definitions.cache_clear()
    fingerprints._fingerprint.cache_clear()


def test_what_is_reached_is_what_names_lead_to(package):
    assert package.reached() == {
        "main.measure",
        "main.near",
        "main.far",
        "main.SCALE",
        "main.START",
        "main.Shape",
        "main.aid",
        "main.Bottom",
        "main.split",
        "main.corpus",
        "helpers.helper",
        "helpers.other",
        "helpers.marked",
        "deep.DEPTH",
        "deep.Base",
        "deep.again",
    }


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("main", "# A comment.", "# Another comment, longer."),
        ("main", '    """Return what is measured."""\n', ""),
        ("main", "What the module is.", "What it was."),
        ("main", "A shape.", "Some shape."),
        ("main", "  # a constant", ""),
        ("main", "near(split) * SCALE", "(near(split)\n        * SCALE)"),
        ("main", "def far(x):\n    return", "def far(x):\n\n    return"),
        ("main", "    return UNUSED", "    return -UNUSED"),
        ("main", "UNUSED = 1", "UNUSED = 2"),
        ("main", "import math", "import math\nimport json"),
        ("deep", "    return 0", "    return 9"),
    ],
)
def test_comments_texts_layout_and_what_is_unrelated_change_nothing(
    module, old, new, package
):
    before = package.fingerprint()
    package.change(module, old, new)
    assert package.fingerprint() == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("main", "* SCALE", "/ SCALE"),  # its own body
        ("main", "start=START", "start=8"),  # a default value
        ("main", "@marked\n", ""),  # a decorator
        ("main", "return far(x)", "return far(x + 1)"),  # a helper
        ("main", "if x else", "if not x else"),  # a helper's helper
        ("main", "SCALE = 2.0", "SCALE = 3.0"),  # a constant
        ("main", "START = 7", "START = 8"),  # a constant in a default value
        ("main", "corpus[:1]", "corpus[:2]"),  # what a parameter is given
        ("main", "[1, 2]", "[1, 3]"),  # and what that is given
        ("main", "self.area()", "-self.area()"),  # a class
        ("main", "Shape(Bottom)", "Shape"),  # its base class
        ("main", "helper as aid", "other as aid"),  # an import
        ("helpers", "x + DEPTH", "x - DEPTH"),  # from m import f as g
        ("helpers", "x - 1", "x - 2"),  # from p import m; m.f
        ("helpers", "return again(function)", "return function"),
        ("deep", "DEPTH = 3", "DEPTH = 4"),  # a constant two modules away
        ("deep", "return 1", "return 2"),  # a base class elsewhere
        ("deep", "    return function", "    return print or function"),
    ],
)
def test_whatever_the_measurement_runs_changes_its_fingerprint(
    module, old, new, package
):
    before = package.fingerprint()
    package.change(module, old, new)
    assert package.fingerprint() != before


def test_two_imports_that_exchange_their_names_are_a_change(package):
    package.change("main", "helper as aid, marked", "helper as aid, other as b, marked")
    package.change("main", "helpers.other(2)", "b(2)")
    before = package.fingerprint()
    package.change("main", "helper as aid, other as b", "other as aid, helper as b")
    assert package.fingerprint() != before


def test_a_change_that_is_taken_back_gives_the_old_fingerprint(package):
    before = package.fingerprint()
    package.change("deep", "DEPTH = 3", "DEPTH = 4")
    assert package.fingerprint() != before
    package.change("deep", "DEPTH = 4", "DEPTH = 3")
    assert package.fingerprint() == before


def test_a_name_that_is_handed_on_is_followed(package):
    # __init__ hands `Base` on; measure takes it from there, as `field.Brown` is.
    package.write("__init__", f"from {package.name}.deep import Base\n")
    package.change(
        "main",
        "from {package}.deep".replace("{package}", package.name),
        "from {package}",
    )
    before = package.fingerprint()
    assert "deep.Base" in package.reached()
    package.change("deep", "return 1", "return 2")
    assert package.fingerprint() != before


def test_a_module_that_is_handed_on_is_followed(package):
    package.write("other", f"from {package.name} import helpers\n")
    package.change("main", "helpers.other(2)", "0")
    package.change(
        "main", f"from {package.name} import helpers\n", "from {package} import other\n"
    )
    package.change("main", "+ 0", "+ other.helpers.other(2)")
    # `other.helpers` leads to the import, but `.other` of it to nowhere: one step.
    assert "helpers.helper" in package.reached()


def test_a_name_bound_twice_depends_on_both_statements(package):
    package.change("main", "START = 7", "START = 7\nSTART += 1")
    before = package.fingerprint()
    package.change("main", "START = 7", "START = 6")
    assert package.fingerprint() != before


@pytest.mark.parametrize(
    ("start", "old", "new"),
    [
        ("(FIRST, START) = (1, 7)", "(1, 7)", "(2, 7)"),
        ("START: int = 7", "7", "8"),
        ("if UNUSED:\n    START = 7\nelse:\n    START = 9", "9", "10"),
        ("for START in range(8):\n    pass", "range(8)", "range(9)"),
    ],
    ids=["tuple", "annotated", "if", "for"],
)
def test_a_name_is_found_however_it_is_bound(start, old, new, package):
    package.change("main", "START = 7", start)
    before = package.fingerprint()
    package.change("main", start, start.replace(old, new))
    assert package.fingerprint() != before


def test_an_import_inside_a_function_is_followed(package):
    inside = "from {package}.deep import nobody\n    return nobody() + corpus[0]"
    package.change("main", "return corpus[:1]", inside)
    before = package.fingerprint()
    assert "deep.nobody" in package.reached()
    package.change("deep", "return 0", "return 9")
    assert package.fingerprint() != before


def test_an_input_counts_though_the_body_never_names_it(package):
    package.change("main", "def measure(split,", "def measure(split, unrelated,")
    assert package.reached() >= {"main.unrelated", "main.UNUSED"}


def test_functions_that_call_each_other_end(package):
    assert (
        package.reached("near") == package.reached("far") == {"main.near", "main.far"}
    )


def test_two_functions_of_a_module_differ(package):
    names = ["measure", "near", "corpus", "split", "unrelated"]
    assert len({package.fingerprint(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "line",
    [
        "from . import helpers",
        "from .helpers import other",
        "from {package}.helpers import *",
        "import {package}.helpers",
        "import {package}.helpers as aids",
        "import companion.ngram",
        "def late():\n    from .helpers import other",
    ],
)
def test_an_import_that_hides_what_it_brings_is_refused(line, package):
    package.change("main", "import math\n", f"import math\n{line}\n")
    with pytest.raises(ValueError, match=r"main: (from|import) .*: name what you imp"):
        package.fingerprint()


def test_what_lies_outside_of_the_package_is_not_followed(package):
    package.change("main", "import math", "from json import dumps as math")
    assert not any("dumps" in place for place in package.reached())


def test_how_data_are_fetched_is_not_followed(package, monkeypatch):
    before = package.reached()
    monkeypatch.setattr(fingerprints, "BEYOND", (f"{package.name}.deep",))
    assert package.reached() == {p for p in before if not p.startswith("deep")}


def test_a_fingerprint_is_that_of_the_function_where_it_was_defined(package):
    module = importlib.import_module(f"{package.name}.main")
    found = package.fingerprint("near")
    assert fingerprints.fingerprint(module.near) == found
    assert len(found) == 64


def test_a_measurement_of_the_book_reaches_its_model_and_its_data():
    def reached(function):
        return set(fingerprints._reach((function.__module__, function.__name__)))

    assert ("companion.field.brown", "read_brown") in reached(tables)
    assert ("companion.ngram", "NgramModel") not in reached(tables)
    for place in (
        ("companion.ngram", "NgramModel"),
        ("companion.smoothing", "ModifiedKneserNey"),
        ("companion.experiments.questions", "gap_shares"),
        ("companion.experiments.questions", "GAPS"),
        ("companion.experiments.ngram", "best"),
    ):
        assert place in reached(gap)
    assert ("companion.experiments.questions", "open_gap_shares") not in reached(gap)
    assert not [m for m, _ in reached(gap) if m == "companion.field.fetch"]


@pytest.mark.parametrize(
    "late", ["START.x = 1", "if True:\n    START = 8", "print(1)\nSTART.append(1)"]
)
def test_what_changes_a_constant_later_in_its_module_counts(package, late):
    before = package.fingerprint()
    package.change("main", "UNUSED = 1", f"UNUSED = 1\n{late}")
    assert package.fingerprint() != before


def test_a_functions_own_variable_is_no_name_of_the_module(package):
    package.change("main", "def near(x):\n", "def near(x):\n    unrelated = x\n")
    package.change("main", "return far(x)", "return far(unrelated)")
    assert "main.unrelated" not in package.reached()


def test_the_text_of_a_tree_says_what_is_there_and_nothing_else():
    # Written out, since Python's own ast.dump and ast.unparse change between versions.
    tree = fingerprints.ast.parse('x = f"{y!r:>{n}}"').body[0]
    assert fingerprints._dump(tree) == (
        "Assign(targets=[Name(id='x', ctx=Store())], value=JoinedStr(values=["
        "FormattedValue(value=Name(id='y', ctx=Load()), conversion=114, "
        "format_spec=JoinedStr(values=[Constant(value='>'), "
        "FormattedValue(value=Name(id='n', ctx=Load()), conversion=-1)]))]))"
    )
