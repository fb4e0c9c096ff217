"""What a coded file says of one utterance, whatever kind of file it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A coded utterance as it stands in a file, unchecked.

    Attributes
    ----------
    where : str
        Its place in the file, for messages.
    session, row, text : str
        What says which utterance it is.
    code : str
        What the coder gave; empty where nothing.
    sample_prob : str
        The probability with which it was drawn; empty where it was not drawn at random.
    """

    where: str
    session: str
    row: str
    text: str
    code: str
    sample_prob: str
