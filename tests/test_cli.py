"""The `companion` command."""

import dataclasses

import pytest
from typer.testing import CliRunner

from companion import cli, field, nnlm, pretrained, records
from companion.experiments import Experiment
from companion.records import claims, provenance

runner = CliRunner()


def corpus():
    return [1, 2, 3]


def settings(preset):
    return {"preset": preset}


def length(corpus):
    return len(corpus)


def drawn(corpus, seed):
    return corpus[seed % 3]


def broken():
    raise field.FieldDataError("could not get brown/brown.zip")


def stopped():
    raise KeyboardInterrupt


def experiment(name="tiny", once=(settings, length), **others):
    return Experiment(name=name, world="lab", data=(), once=once, **others)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a folder that holds the records; `tiny` is the only experiment."""
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(tmp_path / "cache"))
    tiny = experiment(by_seed=(drawn,), presets=("cpu", "gpu"))
    monkeypatch.setattr(cli, "EXPERIMENTS", {"tiny": tiny})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checkpoint(name, folder):
    model = nnlm.NNLM(nnlm.Config(3, order=2, width=1, hidden=0))
    card = {
        "model": "companion.nnlm.NNLM",
        "config": dataclasses.asdict(model.config),
        "trained_on": [{"name": "Moby Dick", "licence": "public", "tokens": 7}],
        "command": f"companion pretrain {name}",
        "numbers": {"parameters": 10},
        "limits": [],
    }
    pretrained.save(model, name, words=["a", "b", "c"], card=card, folder=folder)


def unwritable():
    raise PermissionError("the package cannot be written to")


def diverged():
    raise ValueError("the loss at step 3 is inf; a finite number is expected")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Return a folder that holds the checkpoints; `tiny` and `small` have makers."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for function in (pretrained.names, pretrained.describe):
        monkeypatch.setattr(function, "__defaults__", (folder,))
    makers = {n: lambda n=n: checkpoint(n, folder) for n in ("tiny", "small")}
    monkeypatch.setattr(cli, "MAKERS", makers)
    return folder


def pretrain(*names):
    return runner.invoke(cli.app, ["pretrain", *names])


def run(*arguments):
    return runner.invoke(cli.app, ["run", *arguments])


def test_run_saves_the_record_and_says_how_far_it_is(home):
    result = run("tiny")
    assert result.exit_code == 0
    assert "tiny: 5 of 5, drawn, seed 2\n" in result.output
    assert result.output.endswith("tiny: saved tiny.json\n")
    assert records.load("tiny")["results"] == {"length": 3, "drawn": [1, 2, 3]}


def test_run_prints_no_folder_of_this_machine(home):
    assert str(home) not in run("tiny").output


def test_run_measures_only_what_is_out_of_date_unless_told_otherwise(home):
    run("tiny")
    assert "drawn" not in run("tiny").output
    assert "5 of 5, drawn, seed 2" in run("tiny", "--again").output


def test_run_takes_seeds_and_preset(home):
    run("tiny", "--seeds", "2", "--preset", "gpu")
    record = records.load("tiny_gpu")
    assert record["seeds"] == [0, 1]
    assert record["settings"] == {"preset": "gpu"}


def test_run_without_a_name_runs_every_experiment(home, monkeypatch):
    monkeypatch.setitem(cli.EXPERIMENTS, "other", experiment("other"))
    result = run()
    assert result.exit_code == 0
    assert records.names() == ["other", "tiny"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--preset", "tpu"], "error: tiny: tiny has no preset 'tpu', only: cpu, gpu"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_a_run_that_cannot_be_is_refused_in_words(arguments, says, home):
    result = run("tiny", *arguments)
    assert result.exit_code != 0
    assert says in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert records.names() == []


def test_an_unknown_experiment_ends_with_2_before_any_is_run(home):
    result = run("tiny", "nonsense")
    assert result.exit_code == 2
    assert "no experiment 'nonsense'; choose from: tiny" in result.output
    assert records.names() == []


def test_missing_data_are_an_error_message_and_the_others_are_run(home, monkeypatch):
    failing = experiment("broken", (settings, broken))
    monkeypatch.setattr(
        cli, "EXPERIMENTS", {"broken": failing, "tiny": experiment("tiny")}
    )
    result = run()
    assert result.exit_code == 1
    assert "error: broken: could not get brown/brown.zip" in result.output
    assert "Traceback" not in result.output
    assert records.names() == ["tiny"]


def test_who_stops_a_run_is_told_how_it_goes_on(home, monkeypatch):
    stopping = experiment("stopping", (settings, stopped))
    monkeypatch.setitem(cli.EXPERIMENTS, "stopping", stopping)
    result = run("stopping", "tiny")
    assert result.exit_code == 130
    assert "error: stopped; what was measured is kept" in result.output
    assert records.names() == []


def test_a_damaged_record_is_an_error_message(home):
    run("tiny")
    (home / "tiny.json").write_text("{}")
    result = run("tiny")
    assert result.exit_code == 1
    assert "error: tiny: tiny.json is damaged" in result.output
    listed = runner.invoke(cli.app, ["list"])
    assert listed.exit_code == 0
    assert "tiny: error: tiny.json is damaged" in listed.output


def test_pretrain_makes_the_checkpoint_and_describes_it(shelf):
    result = pretrain("tiny")
    assert result.exit_code == 0
    assert pretrained.names(shelf) == ["tiny"]
    assert result.output == pretrained.describe("tiny", shelf) + "\n"
    assert "made by: companion pretrain tiny" in result.output


def test_pretrain_without_a_name_makes_every_checkpoint(shelf):
    result = pretrain()
    assert result.exit_code == 0
    described = [pretrained.describe(name, shelf) for name in ("tiny", "small")]
    assert result.output == "\n".join(described) + "\n"


def test_an_unknown_checkpoint_ends_with_2_before_any_is_made(shelf):
    result = pretrain("tiny", "nonsense")
    assert result.exit_code == 2
    assert "no checkpoint 'nonsense'; choose from: small, tiny" in result.output
    assert pretrained.names(shelf) == []


@pytest.mark.parametrize("maker", [unwritable, diverged])
def test_a_checkpoint_that_cannot_be_made_is_an_error_message(
    maker, shelf, monkeypatch
):
    with pytest.raises((OSError, ValueError)) as caught:
        maker()
    monkeypatch.setitem(cli.MAKERS, "tiny", maker)
    result = pretrain("tiny")
    assert result.exit_code == 1
    assert result.output == f"error: tiny: {caught.value}\n"


def test_list_names_the_checkpoints_and_which_of_them_are_there(home, shelf):
    pretrain("tiny")
    output = runner.invoke(cli.app, ["list"]).output
    line = "  tiny: companion.nnlm.NNLM, 3 words, 0.0 MB\n"
    assert f"checkpoints\n{line}  small: not made yet\n" in output
    (shelf / "tiny.json").write_text("{}")
    listed = runner.invoke(cli.app, ["list"])
    assert listed.exit_code == 0
    assert "  tiny: error: the checkpoint 'tiny' cannot be used" in listed.output


def test_the_net_of_millbrook_can_be_made():
    assert "nnlm_millbrook" in cli.MAKERS


def test_an_unknown_benchmark_ends_with_2_and_names_the_choices():
    result = runner.invoke(cli.app, ["bench", "nonsense"])
    assert result.exit_code == 2
    assert "no benchmark 'nonsense'; choose from: ngram" in result.output


def test_list_names_experiments_benchmarks_and_what_is_recorded(home, monkeypatch):
    output = runner.invoke(cli.app, ["list"]).output
    assert "experiments\n  tiny: not recorded yet\n" in output
    assert "benchmarks\n  ngram\n" in output
    run("tiny", "--seeds", "2")
    output = runner.invoke(cli.app, ["list"]).output
    described = records.describe(records.load("tiny"))
    assert f"tiny: {described}; out of date: drawn, seed 2\n" in output
    run("tiny")
    described = records.describe(records.load("tiny"))
    assert f"tiny: {described}\n" in runner.invoke(cli.app, ["list"]).output


def test_every_experiment_of_the_book_is_listed_under_its_name_and_reads_known_data():
    assert "ngram_brown" in cli.EXPERIMENTS
    for name, one in cli.EXPERIMENTS.items():
        assert one.name == name
        assert provenance.hashes(one.data)


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


def test_the_ledger_has_every_claim_of_the_book():
    found = claims.claims()
    needed = {f.record for claim in found.values() for f in claim.lab + claim.field}
    if missing := needed - set(records.names()):
        pytest.skip(f"needs {', '.join(missing)}; `companion run` measures it")
    result = runner.invoke(cli.app, ["ledger"])
    assert result.exit_code == 0
    starts = [
        line.split()[0] for line in result.output.splitlines() if line[:1].strip()
    ]
    assert [start for start in starts if start in found] == list(found)


def test_a_claim_that_cannot_be_judged_ends_the_ledger_in_words(monkeypatch):
    def fails():
        raise claims.ClaimError("claim '2.1' lacks: source")

    monkeypatch.setattr(cli.cards, "ledger", fails)
    result = runner.invoke(cli.app, ["ledger"])
    assert result.exit_code == 1
    assert "error: claim '2.1' lacks: source" in result.output
    assert "Traceback" not in result.output
