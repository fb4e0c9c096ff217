"""Writing reports: a page a session and, of several, an overview."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from changetalk.errors import InputError
from changetalk.files import atomic_write
from changetalk.labelled import as_labelled
from changetalk.report.figures import gather
from changetalk.report.pages import overview_page, session_page

_PAGE_ENDINGS: Final = (".html", ".htm")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # devices, to Windows


def write_report(
    labelled: Any,
    path: str | os.PathLike[str],
    *,
    target: str | None = None,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> list[Path]:
    """Write pages that show labelled sessions: the talk with its labels, and its measures.

    Parameters
    ----------
    labelled, label, session, speaker, text, client
        As for `changetalk.as_labelled`.
    path : path-like
        A file that ends in ``.html`` for one session, or a folder for any number.
    target : str, optional
        The target behaviour, in words, to be named on every page; by default what a column
        ``target`` says.

    Returns
    -------
    list of pathlib.Path
        What was written: the file; or the folder's ``index.html``, an overview of all sessions,
        followed by a page a session, named after it and in order of first appearance. Files of
        the same names are replaced, others stay.

    Raises
    ------
    InputError
        If a single file is to hold several sessions; else as for `changetalk.as_labelled`.
    OutputError
        If a page cannot be written. Pages written before it stay; the overview comes last.

    Notes
    -----
    A page is one file that needs nothing else: no network, no fonts, no scripts of others; its
    content security policy forbids them. It holds the talk itself and is readable by its owner
    only. The same input gives the same bytes. For the numbers see `changetalk.summarise`,
    `changetalk.trajectory` and `changetalk.transitions`.
    """
    out = Path(path)
    table = as_labelled(
        labelled,
        label=label,
        session=session,
        speaker=speaker,
        text=text,
        client=client,
    )
    n = table["session"].nunique()
    single = out.suffix.lower() in _PAGE_ENDINGS and not out.is_dir()
    if single and n > 1:
        raise InputError(
            f"{out}: one page shows one session, and there are {n}; "
            f"name a folder, such as {out.with_suffix('')}, and each gets a page"
        )
    batch = gather(table, target)
    if single:
        _write(out, session_page(batch, 0))
        return [out]
    names = page_names([each.name for each in batch.sessions])
    pages = [out / name for name in names]
    for k, page in enumerate(pages):
        _write(page, session_page(batch, k, names))
    index = out / "index.html"
    _write(index, overview_page(batch, names))
    return [index, *pages]


def page_names(sessions: Sequence[str]) -> list[str]:
    """Return a file name for each session: its name where that can be one, and never the same twice.

    Letters and digits of any script, ``-``, ``_`` and ``.`` stay; all else becomes ``-``, so that a
    name cannot lead out of the folder. Names that differ only in case count as the same: to some
    file systems they are.

    Examples
    --------
    >>> page_names(["anna", "Anna", "../week 2/anna", "index"])
    ['anna.html', 'Anna-2.html', 'week-2-anna.html', 'index-2.html']
    """
    taken = {"index"}
    names = []
    for session in sessions:
        stem = re.sub(r"[^\w.-]+", "-", session)[:60].strip(".-") or "session"
        if _RESERVED.fullmatch(stem):
            stem = f"session-{stem}"
        name, k = stem, 1
        while name.casefold() in taken:
            k += 1
            name = f"{stem}-{k}"
        taken.add(name.casefold())
        names.append(f"{name}.html")
    return names


def _write(path: Path, page: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(page.encode())
