"""Reading transcripts and tables of any known format, and writing tables back.

A source streams rows, a sink takes them; neither converts what it need not, and a result in its
source's format holds every cell as it was.
"""

from changetalk.formats.base import MISSING, FormatSpec, Sink, Source
from changetalk.formats.registry import FORMATS, READABLE_SUFFIXES, open_sink, open_source

__all__ = [
    "FORMATS",
    "MISSING",
    "READABLE_SUFFIXES",
    "FormatSpec",
    "Sink",
    "Source",
    "open_sink",
    "open_source",
]
