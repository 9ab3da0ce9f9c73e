"""What the text so far has fixed, and the lexicon that a teacher may add to."""

import shutil
from functools import cache

import pytest

from companion import lab
from companion.lab import corpus, town
from companion.lab.grammar import Call, TemplateError, Token
from companion.lab.town import State, advance

TAGS = {
    *(
        "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ VERB"
    ).split()
}
UNLIKE = ("one", "once", "uni", "use", "usu", "eu", "ewe")  # a, before a vowel letter
SILENT = ("hour", "honest", "heir")  # an, before a consonant letter


def state_after(text, state=State()):  # noqa: B008, a tuple
    for token in text.split():
        state = advance(state, token)
    return state


# The state


def test_before_any_token_nothing_is_fixed():
    assert State() == State(0, (), (), False, "", 0, ("", ""))


def test_who_is_named_first_is_the_subject_and_of_the_cast():
    state = state_after("one fine morning Anna met")
    assert state == State(0, ("Anna",), ("Anna",), True, "", 0, ("Anna", "met"))


def test_who_is_named_later_in_a_sentence_is_of_the_cast_alone():
    state = state_after("Anna wrote to Tom about Anna")
    assert (state.cast, state.subject) == (("Anna", "Tom"), ("Anna",))


def test_a_full_stop_ends_the_sentence_and_keeps_people_and_subject():
    state = state_after("Anna wrote to Tom .")
    assert state == State(1, ("Anna", "Tom"), ("Anna",), False, "", 1, ("", ""))


def test_a_new_sentence_can_change_the_subject_or_keep_it():
    before = state_after("Anna wrote to Tom .")
    assert state_after("Tom slept", before).subject == ("Tom",)
    assert state_after("then George slept", before).subject == ("George",)
    assert state_after("George slept", before).cast == ("Anna", "Tom", "George")
    kept = state_after("she wrote to Tom", before)
    assert (kept.subject, kept.opened) == (("Anna",), True)


def test_two_names_joined_by_and_are_one_subject():
    state = state_after("then Anna and Tom slept")
    assert (state.cast, state.subject) == (("Anna", "Tom"), ("Anna", "Tom"))
    later = state_after(". they wrote to George", state)
    assert (later.subject, later.opened) == (("Anna", "Tom"), True)
    assert state_after(". Tom slept", state).subject == ("Tom",)


def test_only_the_subject_can_be_joined_by_and():
    assert state_after("Anna wrote to Tom and George").subject == ("Anna",)
    assert state_after("Anna slept and Tom").subject == ("Anna",)
    before = state_after("George slept .")
    assert state_after("he and Anna", before).subject == ("George",)


def test_a_town_called_chester_is_no_person():
    state = state_after("Anna wrote to Tom in Chester")
    assert state.cast == ("Anna", "Tom")
    assert state_after("in Chester").opened is False
    assert state_after("Anna wrote to Chester").cast == ("Anna", "Chester")
    assert state_after("Chester slept").subject == ("Chester",)


def place(topic):
    return town.lexicon(topic)["places"][0]


def test_a_place_where_people_are_sets_the_scene_for_one_sentence():
    river, stadium = place("river"), place("sport")
    state = state_after(f"Anna walked to the {river} with Tom")
    assert (state.scene, state.since) == ("river", 0)
    state = state_after(".", state)
    assert (state.scene, state.since) == ("river", 1)
    assert state_after(f"she went to the {stadium}", state).scene == "sport"
    state = state_after("she slept", state)
    assert state.scene == "river"
    assert state_after(".", state).scene == ""


def test_a_place_named_again_sets_the_scene_anew():
    river = place("river")
    once = f"Anna walked to the {river} ."
    assert state_after(f"{once} she slept at the {river} .").scene == "river"
    assert state_after(f"{once} she slept at the mill .").scene == ""


def test_a_place_that_nobody_goes_to_sets_no_scene():
    assert state_after(f"Anna painted the {place('river')}").scene == ""
    assert state_after(f"Anna went to a {place('river')}").scene == ""
    state = State(before=("to", "the"))
    assert town.scene_of(state, place("river")) == "river"
    assert town.scene_of(state, "mill") == ""
    assert town.scene_of(State(before=("to", "a")), place("river")) == ""


# People


def chances(rule, **state):
    """Probability of the first word of each alternative, pairs marked by a "+"."""
    grammar = town.millbrook()
    choice = grammar.dynamic[rule](State(**state))
    found = {}
    for start, p in zip(choice.starts, choice.probabilities.tolist(), strict=True):
        name = grammar.items[start].text + "+" * bool(grammar.after[start])
        assert name not in found
        found[name] = p
    return found


def test_a_new_person_was_not_named_before():
    names = set(town.pronouns())
    assert set(chances("new")) == names
    assert set(chances("new", cast=("Anna", "Tom"))) == names - {"Anna", "Tom"}


def test_a_subject_is_the_same_person_one_of_two_another_or_a_new_one():
    found = chances("P", cast=("Anna", "Tom"), subject=("Anna",))
    assert found["she"] == pytest.approx(0.5)
    assert found["Anna"] == pytest.approx(0.12)
    assert found["Tom"] == pytest.approx(0.2)
    assert found["Anna+"] == pytest.approx(0.08)
    assert sum(found.values()) == pytest.approx(1)
    assert set(found) == {"she", "Anna+", *town.pronouns()}
    # No fourth person: what is left, 0.9, counts as all.
    found = chances("P", cast=("Anna", "Tom", "Mary"), subject=("Tom",))
    expected = {"he": 0.5, "Tom": 0.12, "Anna": 0.1, "Mary": 0.1, "Tom+": 0.08}
    assert found == pytest.approx({name: p / 0.9 for name, p in expected.items()})


def test_two_subjects_are_they_and_are_not_joined_by_a_third():
    cast = ("Anna", "Tom", "Mary")
    found = chances("P", cast=cast, subject=("Anna", "Tom"))
    expected = {"they": 0.5, "Anna": 0.12, "Mary": 0.2}
    assert found == pytest.approx({name: p / 0.82 for name, p in expected.items()})


def test_somebody_else_is_not_the_subject():
    cast = ("Anna", "Tom", "Mary")
    found = chances("other", cast=cast, subject=("Anna",))
    assert found == pytest.approx({"Tom": 0.5, "Mary": 0.5})
    found = chances("other", cast=("Anna", "Tom"), subject=("Anna",))
    assert found["Tom"] == pytest.approx(0.6)
    assert set(found) == set(town.pronouns()) - {"Anna"}


def test_pronouns_agree_with_the_subject():
    for subject, words in (
        (("Anna",), ("she", "her", "her")),
        (("Tom",), ("he", "his", "him")),
        (("Tom", "Anna"), ("they", "their", "them")),
    ):
        for rule, word in zip(("pron", "poss", "obj"), words, strict=True):
            assert chances(rule, cast=subject, subject=subject) == {word: 1}


# The lexicon


@cache
def tokens():
    return [item for item in town.millbrook().items if isinstance(item, Token)]


def test_every_template_of_the_lexicon_compiles():
    grammar = town.millbrook()
    for name in list(grammar._rules):  # what no frame calls
        grammar.rule(name)
    called = {item.rule for item in grammar.items if isinstance(item, Call)}
    assert called <= set(grammar.dynamic)


def test_every_token_has_a_part_of_speech():
    lacking = set()
    for token in tokens():
        try:
            tag = token.pos or corpus.part_of_speech(token.text)
        except ValueError:
            lacking.add(token.text)
        else:
            assert tag in TAGS or token.text == town.END, token
    assert lacking <= {town.END}


def test_the_dictionary_gives_each_word_one_part_of_speech():
    words = [w for text in town.lexicon("pos").values() for w in text.split()]
    assert len(words) == len(set(words))


def test_no_ambiguous_word_occurs_without_its_sense():
    classes = {entry["word"] for entry in town.lexicon("ambiguous")["pos"]}
    words = classes | set(town.ambiguous_words())
    assert {t.text for t in tokens() if t.text in words and not t.sense} == set()
    assert {t.text for t in tokens() if t.sense} == words


def test_every_ambiguous_word_has_two_senses_of_two_topics():
    assert len(town.ambiguous_words()) >= 24
    for word, senses in town.ambiguous_words().items():
        assert len(senses) == 2, word
        assert set(senses) <= set(town.TOPICS), word
        for entry in senses.values():
            assert len(entry["acts"]) >= 5, word
            assert len(entry["after"]) >= 5, word
    assert len(town.senses()) == 2 * len(town.ambiguous_words())


def test_entries_have_no_other_keys_than_those_that_are_read():
    # Lines added at the end of the file would belong to the last word of [[pos]].
    for word, senses in town.ambiguous_words().items():
        assert word.islower(), word
        for topic, entry in senses.items():
            assert set(entry) == {"acts", "after"}, (word, topic)
    for entry in town.lexicon("ambiguous")["pos"]:
        assert set(entry) == {"word", "topic", "tag", "frames"}, entry["word"]
        assert entry["word"] not in town.ambiguous_words()


def test_every_cue_says_something_and_something_of_its_own():
    grammar = town.millbrook()

    def may_be_empty(start):
        while start:
            item = grammar.items[start]
            if not isinstance(item, town.Choice) or not any(
                may_be_empty(s) for s in item.starts
            ):
                return False
            start = grammar.after[start]
        return True

    for word, senses in town.ambiguous_words().items():
        first, second = senses.values()
        acts = [{act.split(" | ")[0] for act in e["acts"]} for e in (first, second)]
        assert not acts[0] & acts[1], word
        assert not set(first["after"]) & set(second["after"]), word
        for topic, entry in senses.items():
            for kind in ("act", "after"):
                starts = grammar.rule(f"{word}.{topic}.{kind}").starts
                assert not any(map(may_be_empty, starts)), (word, topic, kind)
            assert all(len(act.split(" | ")[1].split()) > 1 for act in entry["acts"])


def test_only_a_sentence_ends_with_a_full_stop():
    # One inside a phrase would end a sentence that does not know of it.
    assert sum(token.text == "." for token in tokens()) == 1


def test_words_of_two_parts_of_speech_have_both():
    by_word = {}
    for entry in town.lexicon("ambiguous")["pos"]:
        by_word.setdefault(entry["word"], []).append((entry["tag"], entry["topic"]))
        marked = f"{entry['word']}/{entry['tag']}"
        assert all(text.split().count(marked) == 1 for text in entry["frames"]), entry
    for word, found in by_word.items():
        assert [tag for tag, _ in sorted(found)] == ["NOUN", "VERB"], word
        assert len({topic for _, topic in found}) == 2, word


def test_each_place_and_trade_belongs_to_one_topic():
    entries = [town.lexicon(topic) for topic in town.TOPICS]
    assert len(town.places()) == sum(len(entry["places"]) for entry in entries)
    trades = [trade for entry in entries for trade in entry["trades"]]
    assert all(set(trade) == {"name", "plural", "tool"} for trade in trades)
    assert len({trade["name"] for trade in trades}) == len(trades)


def test_nobody_does_two_things_of_the_same_half_in_one_sentence():
    grammar = town.millbrook()
    for topic in town.TOPICS:
        did = [text.split()[0] for text in town.lexicon(topic)["did"]]
        for half, words in (("odd", did[0::2]), ("even", did[1::2])):
            starts = grammar.rule(f"{topic}.did.{half}").starts
            assert [grammar.items[start].text for start in starts] == words


def test_what_went_well_and_what_went_badly_are_the_same_things():
    for topic in town.TOPICS:
        assert len(town.lexicon(topic)["good"]) == len(town.lexicon(topic)["bad"]) >= 10


def test_a_name_is_of_a_woman_or_of_a_man():
    names = town.lexicon("shared")["names"]
    assert len(town.pronouns()) == sum(len(text.split()) for text in names.values())
    assert town.pronouns()["Anna"] == "she"
    assert town.pronouns()["Tom"] == "he"


def neighbours():
    """Pairs of tokens that some template of the lexicon can put side by side."""
    grammar = town.millbrook()
    pairs = set()

    @cache
    def chain(node):
        """(first tokens, last tokens, whether there may be none) from a node on."""
        if not node:
            return frozenset(), frozenset(), True
        firsts, lasts, empty = one(grammar.items[node])
        then, ends, nothing = chain(grammar.after[node])
        pairs.update((a, b) for a in lasts for b in then)
        return (
            firsts | (then if empty else frozenset()),
            ends | (lasts if nothing else frozenset()),
            empty and nothing,
        )

    def one(item):
        if isinstance(item, Token):
            return frozenset([item.text]), frozenset([item.text]), False
        if isinstance(item, Call):
            return frozenset(), frozenset(), False
        found = [chain(start) for start in item.starts]
        firsts, lasts, empty = zip(*found, strict=True)
        return frozenset().union(*firsts), frozenset().union(*lasts), any(empty)

    for node in range(1, len(grammar.items)):
        chain(node)
    return pairs


def test_no_template_says_a_before_a_vowel_an_before_a_consonant_or_a_word_twice():
    pairs = neighbours()
    assert ("the", "river") in pairs
    vowel = {b for a, b in pairs if a == "a" and b[0] in "aeiou"}
    assert {word for word in vowel if not word.startswith(UNLIKE)} == set()
    other = {b for a, b in pairs if a == "an" and b[0] not in "aeiou"}
    assert {word for word in other if not word.startswith(SILENT)} == set()
    assert {b for a, b in pairs if a == "an" and b.startswith(UNLIKE)} == set()
    assert {a for a, b in pairs if a == b} == set()


# Adding to it


def forget():
    """Forget what was read from the lexicon."""
    for module in (town, corpus):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture
def add(tmp_path, monkeypatch):
    """A function that adds lines to a copy of ambiguous.toml, which is then used."""
    copy = tmp_path / "lexicon"
    shutil.copytree(town.LEXICON, copy)
    monkeypatch.setattr(town, "LEXICON", copy)

    def add(*lines):
        path = copy / "ambiguous.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text("\n".join([*lines, text]), encoding="utf-8")
        forget()

    yield add
    monkeypatch.undo()
    forget()


KITCHEN = (
    'quill.kitchen = { acts = ["stirred the soup | with the"], '
    'after = ["which the cook had washed"] }'
)
SPORT = (
    'quill.sport = { acts = ["kicked the ball | with the"], '
    'after = ["which the captain had won"] }'
)


def test_two_lines_add_a_word_with_two_senses(add):
    assert "quill" not in {token.text for token in tokens()}
    add(KITCHEN, SPORT)
    sentences = [s for d in lab.sample(500, 0).documents for s in d.sentences]
    found = [
        (s.senses[i], s.pos[i], a.side)
        for s in sentences
        for i, text in enumerate(s.tokens)
        if text == "quill"
        for a in s.ambiguities
    ]
    assert {sense for sense, _, _ in found} == {"quill.kitchen", "quill.sport"}
    assert {tag for _, tag, _ in found} == {"NOUN"}
    assert {side for _, _, side in found} >= {"left", "right", "both"}
    assert "quill" in lab.vocabulary().words
    texts = " ".join(s.text for s in sentences)
    assert "stirred the soup with the quill" in texts
    assert "the quill which the captain had won" in texts


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([KITCHEN], r"'quill' needs two senses, each of a topic: \['kitchen'\]"),
        ([KITCHEN, SPORT, SPORT.replace("sport", "farm")], "'quill' needs two senses"),
        ([KITCHEN, SPORT.replace("sport", "cards")], "'quill' needs two .* 'cards'"),
        (
            [KITCHEN, 'quill.sport = { acts = ["kicked | at the"] }'],
            "sport has no 'after'",
        ),
        ([KITCHEN, SPORT.replace("acts", "act")], "quill.sport has no 'acts'"),
        ([KITCHEN, 'quill.sport = { acts = [], after = ["x"] }'], "no 'acts'"),
        (
            [KITCHEN, SPORT.replace(" | ", " ")],
            "quill.sport: no 'act . link' in 'kicked",
        ),
        ([KITCHEN, SPORT.replace(" | ", " | x | ")], "quill.sport: no 'act . link'"),
        (
            [KITCHEN, SPORT.replace('the"]', 'it"]')],
            "no 'act . link' in 'kicked .* it'",
        ),
        (
            [KITCHEN, SPORT.replace("with", "over")],
            r"quill: the links of its senses differ, \['with the'\] and \['over the'\]",
        ),
    ],
)
def test_a_malformed_entry_is_refused_by_name(add, lines, message):
    add(*lines)
    with pytest.raises(ValueError, match=message):
        lab.sample(1, 0)


def test_a_malformed_phrase_of_an_entry_is_refused(add):
    add(KITCHEN, SPORT.replace("kicked the ball", "kicked the {ball"))
    with pytest.raises(TemplateError, match="'kicked the {ball' does not close"):
        lab.sample(1, 0)


def test_a_word_without_part_of_speech_is_refused_by_name(add):
    add(KITCHEN, SPORT.replace("captain", "xylophonist"))
    with pytest.raises(ValueError, match="no part of speech for 'xylophonist'"):
        lab.sample(2000, 0)


def lines_of_the_page(root):
    """The lines that "Welcome to Millbrook" tells a reader to add."""
    page = (root / "book" / "millbrook.md").read_text(encoding="utf-8")
    return page.split("```toml\n")[1].split("```")[0].splitlines()


def test_the_page_s_own_example_can_be_added(add, root):
    add(*lines_of_the_page(root))
    found = {
        s for d in lab.sample(600, 0).documents for x in d.sentences for s in x.senses
    }
    assert {"punch.kitchen", "punch.sport"} <= found
    for token in {
        token.text
        for token in town.millbrook().items
        if isinstance(token, Token) and not token.pos
    }:
        assert token == town.END or corpus.part_of_speech(token)
