"""The `companion` command."""

import time

import pytest
from typer.testing import CliRunner

from companion import cli, field, records

runner = CliRunner()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a folder that holds the records and is the current one."""
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tiny():
    return records.record(
        "tiny",
        settings={"order": 2},
        results={"perplexity": {"add-one": [3.0, 2.5]}, "types": 1234},
        data=[],
        started=time.time(),
    )


def test_run_saves_the_record_and_says_what_was_found(home, monkeypatch):
    monkeypatch.setitem(cli.EXPERIMENTS, "tiny", tiny)
    result = runner.invoke(cli.app, ["run", "tiny"])
    assert result.exit_code == 0
    assert "saved tiny.json" in result.output
    assert "perplexity / add-one: 3  2.5" in result.output
    assert "types: 1,234" in result.output
    assert records.load("tiny")["results"]["types"] == 1234


def test_run_prints_no_folder_of_this_machine(home, monkeypatch):
    monkeypatch.setitem(cli.EXPERIMENTS, "tiny", tiny)
    result = runner.invoke(cli.app, ["run", "tiny"])
    assert str(home) not in result.output


def test_an_unknown_experiment_ends_with_2_and_names_the_choices():
    result = runner.invoke(cli.app, ["run", "nonsense"])
    assert result.exit_code == 2
    assert "no experiment 'nonsense'" in result.output
    assert "ngram_brown" in result.output
    assert "Traceback" not in result.output


def test_an_unknown_benchmark_ends_with_2_and_names_the_choices():
    result = runner.invoke(cli.app, ["bench", "nonsense"])
    assert result.exit_code == 2
    assert "no benchmark 'nonsense'; choose from: ngram" in result.output


def test_missing_data_is_an_error_message_and_no_traceback(home, monkeypatch):
    def offline():
        raise field.FieldDataError("could not get brown/brown.zip")

    monkeypatch.setitem(cli.EXPERIMENTS, "tiny", offline)
    result = runner.invoke(cli.app, ["run", "tiny"])
    assert result.exit_code == 1
    assert "error: could not get brown/brown.zip" in result.output
    assert records.names() == []


def test_list_names_experiments_benchmarks_and_what_is_recorded(home, monkeypatch):
    monkeypatch.setitem(cli.EXPERIMENTS, "tiny", tiny)
    assert "tiny: not recorded yet" in runner.invoke(cli.app, ["list"]).output
    path = records.save(tiny())
    output = runner.invoke(cli.app, ["list"]).output
    assert f"tiny: recorded {records.load(path.stem)['provenance']['date'][:10]}" in (
        output
    )
    assert "ngram_brown" in output
    assert "benchmarks\n  ngram" in output


def test_bench_ngram_passes_on_brown_and_the_number_of_tokens(monkeypatch):
    split = field.bengio_split([f"w{i % 5}" for i in range(3_000)], 2_000, 500)
    seen = []
    monkeypatch.setattr(field, "brown", lambda: field.Brown(documents=()))
    monkeypatch.setattr(field, "bengio_split", lambda words: split)
    monkeypatch.setattr(cli.benchmarks, "ngram", lambda *a: seen.append(a))
    result = runner.invoke(cli.app, ["bench", "ngram", "--tokens", "1000"])
    assert result.exit_code == 0
    train, test, size = seen[0]
    assert (len(train), len(test), size) == (1_000, 500, 6)


@pytest.mark.parametrize(("tokens", "bound"), [("999", "1000"), ("800001", "800000")])
def test_a_benchmark_on_too_little_or_too_much_text_is_refused(
    tokens, bound, monkeypatch
):
    monkeypatch.setattr(field, "brown", lambda: pytest.fail("it read the corpus"))
    result = runner.invoke(cli.app, ["bench", "ngram", "--tokens", tokens])
    assert result.exit_code == 2
    assert bound in result.output


def test_the_summary_says_how_much_it_leaves_out():
    lines = cli.summary({f"x{i}": i for i in range(10)}, most=4)
    assert lines == ["  x0: 0", "  x1: 1", "  x2: 2", "  and 7 more lines"]


def test_the_summary_shows_the_beginning_of_a_long_list():
    lines = cli.summary({"n": {"a": list(range(9))}, "words": ["x", "y"]})
    assert lines == ["  n / a: 0  1  2  3  4  5  ..."]
