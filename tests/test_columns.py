"""Which column is which, and who the client is: found by well-known names, never guessed."""

from __future__ import annotations

import pytest

from changetalk.columns import (
    SYNONYMS,
    ClientRule,
    Columns,
    find_column,
    is_client_name,
    is_therapist_name,
)
from changetalk.errors import ClientError, ColumnError, InputError


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, names in SYNONYMS.items() for name in names]
)
def test_every_synonym_is_found_however_it_is_written(role, name):
    for written in (name, name.upper(), name.replace("_", " ").title(), f" {name.replace('_', '-')} "):
        assert find_column(role, ["other", written], where="t.csv") == written


def test_no_synonym_stands_for_two_roles():
    names = [name.replace("_", "") for known in SYNONYMS.values() for name in known]
    assert len(names) == len(set(names))


def test_a_column_that_is_named_is_taken_as_it_is():
    assert find_column("text", ["text", "Notes"], "Notes", where="t.csv") == "Notes"


@pytest.mark.parametrize(
    ("columns", "given", "message"),
    [
        (["a", "b"], None, "t.csv: no text column found among 'a', 'b'; name it with text= (--text)"),
        (["a", "b"], "c", "t.csv: there is no column 'c' for the text; its columns are 'a', 'b'"),
        (["text", "Utterance"], None, "'text', 'Utterance' could each be the text column"),
        ([], None, "among none"),
    ],
)
def test_messages_say_what_is_there_and_what_to_do(columns, given, message):
    with pytest.raises(ColumnError) as caught:
        find_column("text", columns, given, where="t.csv")
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_table_of_a_thousand_columns_gives_a_short_message():
    with pytest.raises(ColumnError) as caught:
        find_column("text", [f"column number {k}" for k in range(1000)], where="t.csv")
    assert "and 988 more" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_of_several_speaker_columns_the_documented_name_wins():
    assert find_column("speaker", ["role", "speaker"], where="t") == "speaker"
    with pytest.raises(ColumnError, match="could each be the speaker"):
        find_column("speaker", ["role", "who"], where="t")


def test_only_an_all_client_table_may_lack_speakers():
    everyone, known = ClientRule.of("everyone"), ClientRule.of(None)
    assert Columns().find(["text"], client=everyone, target=True, where="t").speaker is None
    with pytest.raises(ColumnError, match="client='everyone'"):
        Columns().find(["text"], client=known, target=True, where="t")


def test_a_target_for_all_leaves_the_column_unread():
    found = Columns().find(["text", "who", "target"], client=ClientRule.of(None), target=False, where="t")
    assert found.target is None


@pytest.mark.parametrize("name", ["Client", "PATIENT", "c", "P1", "Client 2", "Pt", "Cl.", "participant_03"])
def test_client_names(name):
    assert is_client_name(name)
    assert not is_therapist_name(name)


@pytest.mark.parametrize("name", ["Therapist", "T", "T1", "counsellor", "Interviewer 1", "Int."])
def test_therapist_names(name):
    assert is_therapist_name(name)
    assert not is_client_name(name)


@pytest.mark.parametrize(
    ("given", "speakers", "clients"),
    [
        (None, {"client", "therapist"}, {"client"}),
        (None, {"Client", "client ", "T"}, {"Client", "client "}),
        (None, {"therapist", "counselor"}, set()),
        (None, {"C", "Anna"}, {"C"}),
        ("anna", {" Anna ", "Dr. Mehta"}, {" Anna "}),
        (["Anna", "Ben"], {"Ben", "client"}, {"Ben"}),
        ("anna", {"therapist"}, set()),
        ("everyone", {"x", "y"}, {"x", "y"}),
        ("everyone", {"Everyone", "T"}, {"Everyone"}),
    ],
)
def test_who_the_client_is(given, speakers, clients):
    assert ClientRule.of(given).clients(speakers, where="t") == clients


@pytest.mark.parametrize(
    ("given", "speakers", "message"),
    [
        (None, {"Anna", "Ben"}, "who is the client is not clear; its speakers are 'Anna', 'Ben'"),
        ("Cleo", {"Anna", "Ben"}, "none of the speakers is 'cleo'; its speakers are 'Anna', 'Ben'"),
        (None, {"client", "patient"}, "'client', 'patient' could each be the client"),
        (None, {"P1", "P2", "T"}, "'P1', 'P2' could each be the client"),
    ],
)
def test_who_the_client_is_not_is_never_guessed(given, speakers, message):
    with pytest.raises(ClientError) as caught:
        ClientRule.of(given).clients(speakers, where="s.csv")
    assert message in str(caught.value)
    assert str(caught.value).startswith("s.csv: ")
    assert "--client" in str(caught.value)


@pytest.mark.parametrize("client", ["", "  ", [], [""], ["Anna", None], 3 * [" "]])
def test_an_empty_client_is_an_error(client):
    with pytest.raises(InputError, match="client="):
        ClientRule.of(client)
