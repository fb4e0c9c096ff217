"""Which column of a table holds what, and which of its speakers is the client."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from changetalk.errors import ClientError, ColumnError, InputError

#: Column names that are understood without being told, compared in lower case with everything
#: but letters and digits left out. The first of each is the name used in the documentation.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        "text", "utterance", "utterance_text", "content", "message", "sentence", "speech", "words",
        "turn_text", "spoken_text", "verbatim", "transcription", "transcript_text",
    ),
    "speaker": (
        "speaker", "interlocutor", "role", "who", "speaker_name", "speaker_role", "speaker_label",
        "speaker_id", "participant", "talker",
    ),
    "session": (
        "session", "session_id", "session_name", "transcript", "transcript_id", "dialogue", "dialogue_id",
        "dialog", "dialog_id", "conversation", "conversation_id", "interview", "interview_id", "call_id",
    ),
    "target": ("target", "target_behaviour", "target_behavior", "topic", "target_topic"),
    "label": (
        "label", "client_talk_type", "talk_type", "client_talk", "code", "misc", "misc_code", "codes",
        "client_code",
    ),
}  # fmt: skip

#: What `client` may be instead of a name: the table holds nothing but client talk.
EVERYONE: Final = "everyone"

_CLIENTS: Final = frozenset(
    {"client", "patient", "participant", "caller", "c", "cl", "p", "pt", "consumer", "serviceuser"}
)
_THERAPISTS: Final = frozenset(
    {
        "therapist", "counselor", "counsellor", "clinician", "interviewer", "practitioner", "provider",
        "psychologist", "psychotherapist", "coach", "doctor", "nurse", "physician", "facilitator",
        "t", "th", "i", "int",
    }
)  # fmt: skip


def _plain(name: object) -> str:
    return re.sub(r"[\W_]+", "", str(name).lower())


def find_column(
    role: str, columns: Sequence[str], given: str | None = None, *, where: str, required: bool = True
) -> str | None:
    """Find the column that plays a role, by the name given or by well-known names.

    Parameters
    ----------
    role : {'text', 'speaker', 'session', 'target', 'label'}
    columns : sequence of str
        The table's columns.
    given : str, optional
        The column the user named; taken as it is.
    where : str
        The table's name, for messages.
    required : bool
        Whether a table without such a column is an error.

    Returns
    -------
    str or None
        The column, None where there is none and none is required.

    Raises
    ------
    ColumnError
        If the column given is not there, none is found though required, or several are. Of
        several, the documentation's own name wins, except for the text: a wrong guess there
        would label the wrong words.
    """
    if given is not None:
        if given in columns:
            return given
        raise ColumnError(
            f"{where}: there is no column {given!r} for the {role}; its columns are {_list(columns)}"
        )
    known = [_plain(name) for name in SYNONYMS[role]]
    found = [c for c in columns if _plain(c) in known]
    if len(found) > 1 and role != "text":
        found = [c for c in found if _plain(c) == known[0]] or found
    if len(found) > 1:
        raise ColumnError(
            f"{where}: {_list(found)} could each be the {role} column; say which with {_option(role)}"
        )
    if not found and required:
        raise ColumnError(
            f"{where}: no {role} column found among {_list(columns)}; name it with {_option(role)}"
            + (f", or say client={EVERYONE!r} if all of it is client talk" if role == "speaker" else "")
        )
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that hold text, speaker, session and target; None: to be found."""

    text: str | None = None
    speaker: str | None = None
    session: str | None = None
    target: str | None = None

    def find(self, columns: Sequence[str], *, client: ClientRule, target: bool, where: str) -> Columns:
        """Return the columns of a table; see `find_column` for the rules and errors.

        Parameters
        ----------
        columns : sequence of str
            The table's.
        client : ClientRule
            Only where everyone is the client may the column of speakers be missing.
        target : bool
            Whether a column of targets is wanted; not where one was given for all rows.
        where : str
            The table's name, for messages.
        """
        return Columns(
            text=find_column("text", columns, self.text, where=where),
            speaker=find_column("speaker", columns, self.speaker, where=where, required=not client.everyone),
            session=find_column("session", columns, self.session, where=where, required=False),
            target=find_column("target", columns, self.target, where=where, required=False)
            if target
            else None,
        )


def _option(role: str) -> str:
    # `target` itself holds the behaviour, in words, for every row.
    return "target_column= (--target-column)" if role == "target" else f"{role}= (--{role})"


@dataclass(frozen=True, slots=True)
class ClientRule:
    """Decides whose talk in a session is the client's; never by guessing.

    Attributes
    ----------
    given : frozenset of str
        The names the user gave, in lower case; empty where the well-known names decide.
    """

    given: frozenset[str] = frozenset()

    @classmethod
    def of(cls, client: str | Iterable[str] | None) -> ClientRule:
        """Make the rule from what a user passes as `client`: a name, several, or None."""
        if client is None:
            return cls()
        names = [client] if isinstance(client, str) else list(client)
        if not names or not all(isinstance(n, str) and n.strip() for n in names):
            raise InputError("client= (--client) must be a speaker's name, or several, and not empty")
        return cls(frozenset(n.strip().lower() for n in names))

    @property
    def everyone(self) -> bool:
        """Whether every row is the client's talk."""
        return self.given == {EVERYONE}

    def clients(self, speakers: Collection[str], *, where: str) -> frozenset[str]:
        """Return which of a session's speakers are the client.

        Parameters
        ----------
        speakers : collection of str
            The different names in the session.
        where : str
            The session's name, for messages.

        Returns
        -------
        frozenset of str
            Empty only where every speaker is well known as a therapist.

        Raises
        ------
        ClientError
            If it does not follow from what was given, nor from well-known names.
        """
        if self.everyone and EVERYONE not in {s.strip().lower() for s in speakers}:
            return frozenset(speakers)
        if self.given:
            found = frozenset(s for s in speakers if s.strip().lower() in self.given)
        else:
            found = frozenset(s for s in speakers if is_client_name(s))
            if len({_plain(s) for s in found}) > 1:
                names = _list(sorted(found))
                raise ClientError(
                    f"{where}: {names} could each be the client; say which with client= (--client)"
                )
        named = sorted(s for s in speakers if s.strip())
        if found or all(is_therapist_name(s) for s in named):
            return found
        wanted = (
            f"none of the speakers is {_list(sorted(self.given))}"
            if self.given
            else "who is the client is not clear"
        )
        raise ClientError(
            f"{where}: {wanted}; its speakers are {_list(named)}; name the client with client= (--client)"
        )


def is_client_name(speaker: str) -> bool:
    """Whether a speaker is named as clients are in transcripts: client, patient, C, P1, ..."""
    return _role(speaker) in _CLIENTS


def is_therapist_name(speaker: str) -> bool:
    """Whether a speaker is named as therapists are in transcripts: therapist, T, interviewer, ..."""
    return _role(speaker) in _THERAPISTS


def _role(speaker: str) -> str:
    return re.sub(r"\d+$", "", _plain(speaker))


def _list(names: Iterable[object], most: int = 12) -> str:
    shown = [str(name)[:60] for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return (", ".join(repr(name) for name in shown[:most]) or "none") + more
