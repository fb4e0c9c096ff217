"""AnnoMI's tables, known by their header, with the names that everything else here goes by.

AnnoMI-simple.csv and AnnoMI-full.csv as released (https://github.com/uccollab/AnnoMI; Wu et al. 2022,
10.1109/ICASSP43922.2022.9746035; Wu et al. 2023, 10.3390/fi15030110).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from changetalk.context import cell_text
from changetalk.formats.base import Source
from changetalk.formats.times import seconds_of

#: Columns that only AnnoMI's tables have together.
HEADER: Final = (
    "transcript_id", "utterance_id", "interlocutor", "utterance_text", "main_therapist_behaviour",
    "client_talk_type",
)  # fmt: skip
#: What they are called here; the rest keep their names.
NAMES: Final = {
    "transcript_id": "session",
    "interlocutor": "speaker",
    "utterance_text": "text",
    "topic": "target",
    "timestamp": "start",
    "client_talk_type": "label",
    "main_therapist_behaviour": "behaviour",
    "annotator_id": "coder",
}


def is_annomi(columns: Collection[str]) -> bool:
    """Return whether a table's columns are AnnoMI's."""
    return set(HEADER) <= set(columns)


class AnnoMISource(Source):
    """A table of AnnoMI's, with its columns renamed.

    Labels and behaviours that AnnoMI gives as ``n/a`` are empty, and times are seconds. Every row
    stays, also where several coders have one each for an utterance (AnnoMI-full.csv).

    Parameters
    ----------
    source : Source
        The table as it is, open; it stays the caller's to close.
    """

    format = "annomi"

    def __init__(self, source: Source) -> None:
        super().__init__(source.path, source.name)
        self._source = source
        self.notes = source.notes
        new = {old: name for old, name in NAMES.items() if name not in source.columns}
        self.columns = tuple(new.get(name, name) for name in source.columns)
        self._time = (
            self.columns.index("start") if "timestamp" in new and "timestamp" in source.columns else None
        )
        renamed = ", ".join(f"{old} is {new[old]}" for old in source.columns if old in new)
        self.notes.append(f"read as AnnoMI's: {renamed}")

    def where(self, index: int) -> str:
        """Return the place of a row in AnnoMI's file."""
        return self._source.where(index)

    def _rows(self) -> Iterator[list[object]]:
        place = {name: k for k, name in enumerate(self._source.columns)}
        empty = [place[name] for name in ("client_talk_type", "main_therapist_behaviour")]
        key = [place[name] for name in ("transcript_id", "utterance_id")]
        last: list[str] = []
        again = 0
        for row in self._source.rows():
            this = [cell_text(row[k]) for k in key]
            again += this == last
            last = this
            for k in empty:
                row[k] = None if cell_text(row[k]).strip().lower() in ("", "n/a") else row[k]
            if self._time is not None:
                row[self._time] = _seconds(row[self._time])
            yield row
        if again:
            self.notes.append(
                f"rows of an utterance that another coder has too: {again}; to label them, keep one coder's"
            )


def _seconds(value: object) -> object:
    """Return a time as seconds; as it is where it is none."""
    try:
        return seconds_of(value)
    except ValueError:
        return value
