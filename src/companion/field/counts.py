"""The counts of a data set as lines of text.

Chapters: all with a field record. The registry keeps counts as readers of the
data compare them, nested by file and by label; a data card must be read by people.
"""

from collections.abc import Mapping
from typing import Any

LONGEST = 190  # letters that a table of counts may take
# What a number is called. Another name is a label of the data, such as "B-person".
UNITS = {
    **{
        name: name
        for name in (
            "articles",
            "characters",
            "files",
            "images",
            "labels",
            "lines",
            "questions",
            "sentences",
            "tags",
            "tokens",
            "types",
            "words",
        )
    },
    "upos": "universal tags",
    "xpos": "treebank tags",
}
# What a number for the whole data set is called.
TOTALS = UNITS | {
    "approx_river_sense": "of them, by estimate, banks of a river",
    "articles_100plus_words": "articles of 100 words or more",
    "bank": "times “bank”",
    "bank_lowercase": "times either of the two in lower case",
    "banks": "times “banks”",
    "test": "test sentences",
    "test_n": "test sentences",
    "test_target_at_index": "with the target word at its index",
    "tokens_incl_bank": "tokens (those for “bank” included)",
    "train": "training sentences",
    "train_n": "training sentences",
    "train_target_at_index": "with the target word at its index",
    "types_count_ge4": "types seen 4 times or more",
    "types_ge5": "types seen 5 times or more",
    "types_lower": "types without regard to case",
    "unique_ids": "different ids",
}
TABLES = {
    "first10": "first ten labels",
    "per_word": "by word",
    "test_first3000": "test labels (first 3,000)",
    "test_label_counts": "test labels",
    "train_label_counts": "training labels",
}
UNSAID = {"all_target_ok", "encoding", "pg_header", "shapes"}  # the format says it


def count_lines(counts: Mapping[str, Any]) -> list[str]:
    """Return counts as lines of text: the single numbers, then a line for each table.

    Args:
        counts: Numbers, texts, lists and tables of them, by name.

    Returns:
        The lines. A table that would take several is left out, and its line says
        so.

    >>> count_lines({"tokens": 1200, "train": {"sentences": 40, "size": [8, 8]}})
    ['1,200 tokens', 'train: 40 sentences, size (8 × 8)']
    """
    single = {k: v for k, v in counts.items() if not isinstance(v, dict | list)}
    lines = [_table(single, TOTALS)] if single else []
    for key, value in counts.items():
        if key not in single and key not in UNSAID:
            lines.append(f"{TABLES.get(key, key)}: {_value(value)}")
    return lines


def _value(value: Any) -> str:
    """Return a number, a text, a list or a table as text, if it is not too long."""
    if isinstance(value, dict | list):
        text = _table(value) if isinstance(value, dict) else _list(value)
        return text if len(text) <= LONGEST else f"{len(value)} entries, left out here"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _list(values: list) -> str:
    # Two or three numbers are the shape of an array; more are just numbers.
    is_shape = len(values) < 4 and all(isinstance(value, int) for value in values)
    return (" × " if is_shape else ", ").join(map(_value, values))


def _table(table: Mapping[str, Any], names: Mapping[str, str] = UNITS) -> str:
    first, *others = table.values()
    if len(others) > 1 and all(value == first for value in others):
        return f"{_value(first)} in each of {', '.join(table)}"
    keys = sorted(table, key=int) if all(map(str.isdigit, table)) else list(table)
    parts = [_named(key, table[key], names) for key in keys if key not in UNSAID]
    return ("; " if any(": " in part for part in parts) else ", ").join(parts)


def _named(key: str, value: Any, names: Mapping[str, str]) -> str:
    """Return "40 sentences", "train.txt: 40" or "size (8 × 8)"."""
    if isinstance(value, dict | list):
        return f"{TABLES.get(key, key)} ({_value(value)})"
    if key in names and isinstance(value, int):
        return f"{value:,} {names[key]}"
    return f"{key}: {_value(value)}"
