"""XML read without its dangers: no document type, so no entity and nothing fetched; bounds on the rest.

What makes XML dangerous (entities that expand without end, or that stand for other files) begins with
a document type declaration, which no program writes into the formats read here. So one is refused,
as ``defusedxml`` refuses it; with the standard library's own expat that takes a few lines.
"""

from __future__ import annotations

import html
from typing import IO, Final
from xml.parsers import expat

from changetalk.errors import FormatError

#: Most bytes of one XML document, once unpacked. A session's talk takes some hundred thousand.
MAX_SIZE: Final = 128 << 20
_MAX_DEPTH: Final = 256
_BREAKS: Final = str.maketrans({"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
_CHUNK: Final = 1 << 20  # large: older expats read an unfinished tag again with every chunk


class Handler:
    """What becomes of a document's parts, in their order; subclasses say.

    Attributes
    ----------
    parser : expat parser
        Set while reading; knows the line and the byte.
    """

    parser: expat.XMLParserType

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take note that an element begins."""

    def end(self, name: str) -> None:
        """Take note that an element ends."""

    def text(self, text: str) -> None:
        """Take text, which may come in several pieces."""


def read_xml(file: IO[bytes], handler: Handler, *, where: str, advice: str, namespaces: bool = False) -> None:
    """Read an XML document from beginning to end.

    Parameters
    ----------
    file : binary file
    handler : Handler
        Gets the elements and the text.
    where : str
        What messages call the document.
    advice : str
        What to do about one that cannot be read; the end of the messages.
    namespaces : bool
        Whether names are given as ``"namespace local-name"``.

    Raises
    ------
    FormatError
        If it is not well-formed, declares a document type, or is larger than `MAX_SIZE` or deeper
        than any real one.
    """
    parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
    handler.parser = parser
    depth = size = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise FormatError(f"{where}: is nested more than {_MAX_DEPTH} deep, as no real file is; {advice}")
        handler.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(name)

    def doctype(*_: object) -> None:
        raise FormatError(
            f"{where}: declares a document type, by which XML can be made to fetch other files or to grow "
            f"without end; {advice}"
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = doctype
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > MAX_SIZE:
            raise FormatError(f"{where}: unpacks to more than {MAX_SIZE >> 20} MiB of XML; {advice}")
        _parse(parser, chunk, where, advice)
    _parse(parser, b"", where, advice, last=True)


def quoted(text: str) -> str:
    """Return text as the value of an attribute, with its quotation marks."""
    return f'"{html.escape(text).translate(_BREAKS)}"'


def _parse(parser: expat.XMLParserType, chunk: bytes, where: str, advice: str, *, last: bool = False) -> None:
    try:
        parser.Parse(chunk, last)
    except expat.ExpatError as error:
        reason = f"line {error.lineno}, {expat.ErrorString(error.code)}"
        raise FormatError(f"{where}: is damaged or cut off ({reason}); {advice}") from error
    except FormatError:
        raise
    except (LookupError, ValueError) as error:  # of pyexpat, about the encoding that the file declares
        raise FormatError(f"{where}: is in an encoding that is not known here; {advice}") from error
