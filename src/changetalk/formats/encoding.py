"""What a file's bytes are: a known binary format, or text, and in which encoding."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changetalk.errors import FormatError

_CHUNK: Final = 1 << 18

_ZIP: Final = (
    "a ZIP archive, as Word and Excel files are",
    "rename it to .docx or .xlsx if it is one, else unpack it",
)
_PARQUET: Final = ("a Parquet file", "rename it to .parquet")
_OLE: Final = (
    "an old Office file (.xls, .doc) or a password-protected one",
    "save it as .docx or .xlsx without a password",
)
_EXPORT: Final = "export it as CSV or plain text"
_TRANSCRIBE: Final = "give a transcript of it"

#: First bytes, what a file that starts with them looks like, and what to do.
_MAGIC: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK\x03\x04", *_ZIP),
    (b"PK\x05\x06", *_ZIP),
    (b"PAR1", *_PARQUET),
    (b"PARE", "an encrypted Parquet file", "decrypt it first"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", *_OLE),
    (b"%PDF-", "a PDF file", _EXPORT),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"SQLite format 3\0", "an SQLite database", _EXPORT),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ\0", "an xz archive", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it first"),
    (b"\x89PNG", "a PNG image", _TRANSCRIBE),
    (b"GIF8", "a GIF image", _TRANSCRIBE),
    (b"\xff\xd8\xff", "a JPEG image", _TRANSCRIBE),
    (b"ID3\x02", "an MP3 recording", _TRANSCRIBE),
    (b"ID3\x03", "an MP3 recording", _TRANSCRIBE),
    (b"ID3\x04", "an MP3 recording", _TRANSCRIBE),
    (b"OggS\0", "an Ogg recording", _TRANSCRIBE),
    (b"\x7fELF", "a program", "choose a transcript"),
)
_NEEDS_MORE: Final = {b"BZh": b"1AY&SY"}  # what follows, where the first bytes could be a word

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that hardly occur in text. A few in some cell are read, a file full of them is no text.
# CHAT puts its times between two \x15.
_CONTROLS: Final = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x15\x1b"))
_FEW: Final = 16
_SHARE: Final = {"utf-8": 0.10, "utf-8-sig": 0.10, "cp1252": 0.02}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a text file is encoded.

    Attributes
    ----------
    name : str
        For `open`.
    bom : bool
        Whether the file starts with a byte-order mark.
    note : str or None
        What the user should know.
    """

    name: str
    bom: bool
    note: str | None = None


def binary_kind(head: bytes) -> tuple[str, str] | None:
    """Return what binary format a file's first bytes belong to, and what to do, or None."""
    for magic, kind, advice in _MAGIC:
        if head.startswith(magic) and _NEEDS_MORE.get(magic, b"") in head[:16]:
            return kind, advice
    if (head[:4] == b"RIFF" and head[8:12] in {b"WAVE", b"AVI "}) or head[4:8] == b"ftyp":
        return "a sound or video recording", _TRANSCRIBE
    return None


def text_encoding(path: Path, name: str) -> Encoding:
    """Find a text file's encoding by reading all of it, in constant memory.

    A byte-order mark decides; else it is UTF-8 if all of it is valid, else Windows' cp1252.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        What messages call the file.

    Returns
    -------
    Encoding

    Raises
    ------
    FormatError
        If the file is empty, is binary, or is in none of these encodings.
    """
    with open(path, "rb") as file:
        head = file.read(64)
    kind = binary_kind(head)
    if kind is not None:
        raise FormatError(f"{name}: looks like {kind[0]}; {kind[1]}")
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            if not _decodes(path, name, encoding):
                raise FormatError(
                    f"{name}: starts like {encoding[:6].rstrip('-').upper()} text, but is damaged; "
                    "save it again as UTF-8"
                )
            return Encoding(encoding, bom=True)
    if _decodes(path, name, "utf-8"):
        return Encoding("utf-8", bom=False)
    if _decodes(path, name, "cp1252"):
        note = "read as cp1252 (Windows), as it is not UTF-8; save it as UTF-8 if letters look wrong"
        return Encoding("cp1252", bom=False, note=note)
    raise FormatError(f"{name}: is neither UTF-8 nor cp1252 text; save it as UTF-8")


def _decodes(path: Path, name: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    size = controls = nulls = 0
    blank = decodes = True
    with open(path, "rb") as file:
        while decodes and (chunk := file.read(_CHUNK)):
            size += len(chunk)
            controls += len(chunk) - len(chunk.translate(None, _CONTROLS))
            nulls += chunk.count(0)
            try:
                text = decoder.decode(chunk, final=not file.peek(1))
            except UnicodeDecodeError:
                decodes = False
            else:
                blank = blank and (not text or text.isspace())
    if decodes and blank:
        raise FormatError(f"{name}: is empty")
    # UTF-8 that does not decode may still be cp1252, with its own share of control characters.
    if (decodes or encoding == "cp1252") and controls > max(_FEW, _SHARE.get(encoding, 1) * size):
        if nulls > 0.3 * size:
            raise FormatError(
                f"{name}: looks like UTF-16 text without its first mark, or binary; save it as UTF-8"
            )
        raise FormatError(f"{name}: looks like binary data and not like text; choose a transcript")
    return decodes
