"""Which format a file has, by its name and by what is in it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from changetalk.errors import FormatError, InputError
from changetalk.formats.base import FormatSpec, Sink, Source
from changetalk.formats.cacti import CactiSource, looks_like_cacti
from changetalk.formats.cacti_database import MAGIC as SQLITE
from changetalk.formats.cacti_sinks import CasaaSink, CasaaTextSink
from changetalk.formats.chat import ChatSink, ChatSource
from changetalk.formats.delimited import CSVSink, CSVSource, TSVSink, TSVSource, sniff_delimiter
from changetalk.formats.doccano import DoccanoSink, DoccanoSource
from changetalk.formats.docx import open_docx
from changetalk.formats.docx_document import is_word
from changetalk.formats.docx_sink import DocxSink
from changetalk.formats.elan import ElanSink, ElanSource
from changetalk.formats.encoding import binary_kind, text_encoding
from changetalk.formats.excel import ExcelSink, ExcelSource
from changetalk.formats.jsonl import JSONLinesSink, JSONLinesSource
from changetalk.formats.label_studio import LabelStudioSink, LabelStudioSource
from changetalk.formats.parquet import ParquetSink, ParquetSource
from changetalk.formats.plain import PlainTextSource
from changetalk.formats.speakers import find_prefix
from changetalk.formats.srt import SRTSource
from changetalk.formats.vtt import VTTSource

_SPECS: Final = (
    FormatSpec("csv", (".csv",), True, "values separated by commas, semicolons, tabs or bars"),
    FormatSpec("tsv", (".tsv", ".tab"), True, "values separated by tabs"),
    FormatSpec("xlsx", (".xlsx",), True, "an Excel workbook"),
    FormatSpec("jsonl", (".jsonl", ".ndjson"), True, "a JSON object a line"),
    FormatSpec("parquet", (".parquet", ".pq"), True, "an Apache Parquet table"),
    FormatSpec("txt", (".txt",), False, "plain text with a speaker before each turn, such as 'T:'"),
    FormatSpec("vtt", (".vtt",), False, "WebVTT captions of Zoom, Teams and others"),
    FormatSpec("srt", (".srt",), False, "SRT captions"),
    FormatSpec("docx", (".docx",), True, "a Word document, with the talk in paragraphs or in a table"),
    FormatSpec("cha", (".cha",), True, "a CHAT transcript of CLAN or TalkBank; labels go into its own copy"),
    FormatSpec("eaf", (".eaf",), True, "an ELAN file; labels go into its own copy"),
    FormatSpec("casaa", (".casaa",), True, "a session coded in CACTI: times and codes"),
    FormatSpec("casaa-text", (".casaa.txt",), True, "the list of times and codes that CACTI exports"),
    FormatSpec("labelstudio", (".json",), True, "tasks of Label Studio"),
    FormatSpec("doccano", (".doccano.jsonl",), True, "examples of doccano's text classification"),
)
#: The formats by name.
FORMATS: Final[Mapping[str, FormatSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})
_BY_SUFFIX: Final = {suffix: spec.name for spec in _SPECS for suffix in spec.suffixes}
#: The endings of file names that can be read, in lower case.
READABLE_SUFFIXES: Final = tuple(_BY_SUFFIX)

_SOURCES: Final[dict[str, Callable[[Path, str], Source]]] = {
    "csv": CSVSource,
    "tsv": TSVSource,
    "jsonl": JSONLinesSource,
    "parquet": ParquetSource,
    "txt": PlainTextSource,
    "vtt": VTTSource,
    "srt": SRTSource,
    "docx": open_docx,
    "cha": ChatSource,
    "eaf": ElanSource,
    "casaa": CactiSource,
    "casaa-text": CactiSource,
    "labelstudio": LabelStudioSource,
    "doccano": DoccanoSource,
}
_SINKS: Final[dict[str, type[Sink]]] = {
    "csv": CSVSink,
    "tsv": TSVSink,
    "xlsx": ExcelSink,
    "jsonl": JSONLinesSink,
    "parquet": ParquetSink,
    "docx": DocxSink,
    "cha": ChatSink,
    "eaf": ElanSink,
    "casaa": CasaaSink,
    "casaa-text": CasaaTextSink,
    "labelstudio": LabelStudioSink,
    "doccano": DoccanoSink,
}
_SAMPLE: Final = 1 << 16
_BINARY: Final = {b"PK": "xlsx", b"PAR1": "parquet", SQLITE: "casaa"}
_OLD: Final = {
    ".xls": "Excel's old format; save it as .xlsx",
    ".doc": "Word's old format; save it as .docx",
}
#: What a text starts with that is of a format; the first that fits.
_STARTS: Final = {
    "vtt": re.compile(r"WEBVTT(?=\s|$)"),
    "srt": re.compile(r"\s*[0-9]+[ \t]*\r?\n[ \t]*[0-9:]+,[0-9]+\s*-->"),
    "labelstudio": re.compile(r"\s*\[\s*[\]{]"),
    "jsonl": re.compile(r'\s*(?:\[\s*)?\{\s*(?:"|\}\s*$)'),
    "cha": re.compile(r"@(?:UTF8|Begin)\s"),
    "eaf": re.compile(r"(?:<[?!][^>]*+>\s*)*+<ANNOTATION_DOCUMENT\s"),
}
_LOOKS: Final = {
    "vtt": "WebVTT captions",
    "srt": "SRT captions",
    "jsonl": "JSON",
    "labelstudio": "JSON",
    "casaa-text": "CACTI's list of codes",
    "cha": "a CHAT transcript",
    "eaf": "an ELAN file",
}


def open_source(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    sheet: str | None = None,
    name: str | None = None,
) -> Source:
    """Open a file of any format that is known, for reading.

    Parameters
    ----------
    path : path-like
        A file on disk. It is read more than once, so it cannot be a pipe.
    format : str, optional
        A name in `FORMATS`; by default it follows from the file's suffix, or from what is in it
        where the suffix is unknown.
    sheet : str, optional
        The sheet to read; for Excel workbooks only.
    name : str, optional
        What messages call the file; by default its path.

    Returns
    -------
    Source
        To be used in a ``with`` block.

    Raises
    ------
    InputError
        If there is no such file or it cannot be read.
    FormatError
        If it is not what its name says, damaged, empty, or of no known format.
    MissingPackageError
        If its format needs a package that is not installed.
    """
    name = str(path) if name is None else name
    head = _head(Path(path), name)
    known = _known_format(format)
    if known is None:
        known = _by_suffix(path) or _format_of_content(Path(path), name, head)
    if sheet is not None and known != "xlsx":
        raise InputError(f"{name}: only Excel workbooks have sheets; leave out the sheet {sheet!r}")
    try:
        if known == "xlsx":
            return ExcelSource(Path(path), name, sheet)
        # CACTI gives its list of codes the ending of any text.
        if known == "txt" and format is None and looks_like_cacti(_sample(Path(path), name)[0]):
            known = "casaa-text"
        if known in ("csv", "tsv", "txt", "srt"):
            _refuse_other_text(Path(path), name, known)
        return _SOURCES[known](Path(path), name)
    except UnicodeError as error:
        raise FormatError(f"{name}: changed while it was read; try again") from error
    except OSError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from error


def open_sink(
    path: str | os.PathLike[str], source: Source | None, columns: Sequence[str], *, format: str | None = None
) -> Sink:
    """Open a file for writing rows to.

    Parameters
    ----------
    path : path-like
        The target; ``-`` is standard output, in CSV unless `format` says otherwise.
    source : Source or None
        Where the rows come from: a result in the same format is written as the source is.
    columns : sequence of str
        The source's columns, and after them the added ones, whose values are str, float or None.
    format : str, optional
        A name in `FORMATS`; by default it follows from the suffix.

    Returns
    -------
    Sink
        To be used in a ``with`` block, at whose successful end the file appears.

    Raises
    ------
    InputError
        If the format is unknown or one that cannot be written.
    """
    target = os.fspath(path)
    known = _known_format(format)
    if known is None:
        known = "csv" if target == "-" else _by_suffix(target)
    if known is None or not FORMATS[known].writable:
        usable = ", ".join(spec.suffixes[0] for spec in _SPECS if spec.writable)
        kind = f"{known} files" if known else "a file without one of these endings"
        raise InputError(f"{target}: cannot write {kind}; use {usable}")
    return _SINKS[known](target, source, columns)


def _known_format(format: str | None) -> str | None:
    if format is None:
        return None
    if format.lower() not in FORMATS:
        raise InputError(f"unknown format {format!r}; known are {', '.join(FORMATS)}")
    return format.lower()


def _by_suffix(path: str | os.PathLike[str]) -> str | None:
    """Return the format that a file's name tells; of two endings that fit, by the longer."""
    name = Path(path).name.lower()
    return max(((len(s), known) for s, known in _BY_SUFFIX.items() if name.endswith(s)), default=(0, None))[1]


def _head(path: Path, name: str) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{name}: is a folder; name a file")
        if not stat.S_ISREG(mode):
            raise InputError(f"{name}: is not a regular file; pipe it in and name it '-'")
        with open(path, "rb") as file:
            return file.read(64)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{name}: no such file") from error
    except PermissionError as error:
        raise InputError(f"{name}: no permission to read it") from error
    except (OSError, ValueError) as error:  # a name too long, or with a null in it
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _format_of_content(path: Path, name: str, head: bytes) -> str:
    old = _OLD.get(path.suffix.lower())
    if old is not None:
        raise FormatError(f"{name}: is in {old}")
    binary = next((known for magic, known in _BINARY.items() if head.startswith(magic)), None)
    if binary is not None:
        return "docx" if binary == "xlsx" and is_word(path) else binary
    kind = binary_kind(head)
    if kind is not None:
        raise FormatError(f"{name}: looks like {kind[0]}; {kind[1]}")
    return _format_of_text(path, name)


def _format_of_text(path: Path, name: str) -> str:
    sample, whole = _sample(path, name)
    found = _text_format(sample)
    if found is not None:
        return found
    lines = [line for line in sample.splitlines() if line.strip()]
    spoken = sum(find_prefix(line, numbered=True) is not None for line in lines)
    if spoken > len(lines) / 2:
        return "txt"
    delimiter = sniff_delimiter(sample, whole=whole)
    if delimiter in lines[0]:
        return "tsv" if delimiter == "\t" else "csv"
    if spoken > 1:
        return "txt"
    raise FormatError(f"{name}: is of no known format; say which with --format ({', '.join(FORMATS)})")


def _refuse_other_text(path: Path, name: str, expected: str) -> None:
    sample, _ = _sample(path, name)
    found = _text_format(sample)
    if found is not None and found != expected:
        suffix = FORMATS[found].suffixes[0]
        raise FormatError(
            f"{name}: looks like {_LOOKS[found]} and not like {expected}; "
            f"rename it to {suffix} or say --format {found}"
        )


def _text_format(sample: str) -> str | None:
    """Return the format that a text's beginning gives away."""
    if looks_like_cacti(sample):
        return "casaa-text"
    return next((known for known, start in _STARTS.items() if start.match(sample)), None)


def _sample(path: Path, name: str) -> tuple[str, bool]:
    encoding = text_encoding(path, name)
    with open(path, encoding=encoding.name) as file:
        return file.read(_SAMPLE), not file.read(1)
