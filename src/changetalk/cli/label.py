"""`changetalk label`."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from changetalk.columns import ClientRule, Columns
from changetalk.context import cell_text
from changetalk.dialogue import Prediction
from changetalk.errors import ChangetalkError, InputError
from changetalk.formats import FORMATS, READABLE_SUFFIXES, open_source
from changetalk.loading import load
from changetalk.model import Model
from changetalk.tables import FileSummary, label_file, label_source

# Shape as well as colour: not everyone sees, or prints, the colours.
_MARKS: Final = {
    "change": ("\u25b2", "\033[32m"),
    "sustain": ("\u25bc", "\033[31m"),
    "neutral": ("\u00b7", ""),
}
_PLAIN_MARKS: Final = {"change": "+", "sustain": "-", "neutral": "."}


@dataclass(frozen=True, slots=True)
class _Job:
    path: Path
    name: str
    output: str | None


def run(options: argparse.Namespace) -> int:
    """Label every input; return 1 if one could not be, after all others were done."""
    model = load(options.model)
    with _inputs(options) as jobs:
        summaries: list[FileSummary] = []
        failures: list[str] = []
        with _progress(options, len(jobs)) as advance:
            for job in jobs:
                try:
                    summaries.append(_one(job, model, options, advance))
                except ChangetalkError as error:
                    failures.append(str(error))
    to_stdout = options.output == "-"
    if summaries:
        print(_summary(summaries, model), file=sys.stderr if to_stdout else sys.stdout)
    for failure in failures:
        print(f"changetalk: {failure}", file=sys.stderr)
    if failures and len(jobs) > 1:
        print(f"changetalk: {len(failures)} of {len(jobs)} files could not be labelled", file=sys.stderr)
    return 1 if failures else 0


def _one(job: _Job, model: Model, options: argparse.Namespace, advance: Any) -> FileSummary:
    if job.output is None:
        return _show(job, model, options)
    return label_file(
        job.path,
        job.output,
        model=model,
        client=options.client,
        target=options.target,
        text=options.text,
        speaker=options.speaker,
        session=options.session,
        target_column=options.target_column,
        format=options.format,
        output_format=options.to,
        sheet=options.sheet,
        name=job.name,
        progress=advance,
    )


@contextlib.contextmanager
def _inputs(options: argparse.Namespace) -> Iterator[list[_Job]]:
    """Yield what is to be labelled and where each result goes; standard input as a file."""
    found: list[tuple[Path, Path]] = []  # the file, and its place below what was named
    for given in options.inputs:
        path = Path(given)
        if given != "-" and path.is_dir():
            inside = _transcripts(path, options.output)
            if not inside:
                raise InputError(f"{given}: holds no file that can be read ({', '.join(READABLE_SUFFIXES)})")
            found += [(p, p.relative_to(path)) for p in inside]
        else:
            found.append((path, Path(path.name)))
    many = len(found) > 1 or any(Path(given).is_dir() for given in options.inputs if given != "-")
    if many and options.output == "-":
        raise InputError("several files cannot all go to standard output; give a folder with -o FOLDER")
    if many and options.output and Path(options.output).is_file():
        raise InputError(f"{options.output}: is a file; several inputs need a folder (-o FOLDER)")
    into_folder = (
        bool(options.output)
        and options.output != "-"
        and (many or Path(options.output).is_dir() or options.output.endswith(("/", "\\")))
    )
    jobs = []
    taken: dict[str, Path] = {}
    with tempfile.TemporaryDirectory(prefix="changetalk-") as scratch:
        for path, below in found:
            output = (
                str(Path(options.output) / _output_name(below, options)) if into_folder else options.output
            )
            if into_folder and taken.setdefault(output, path) != path:
                raise InputError(
                    f"{path}: its result would overwrite that of {taken[output]} ({output}); label them apart"
                )
            if str(path) == "-":
                spool = Path(scratch) / "stdin"
                with open(spool, "wb") as file:
                    shutil.copyfileobj(sys.stdin.buffer, file)
                jobs.append(_Job(spool, "<stdin>", output))
            else:
                jobs.append(_Job(path, str(path), output))
        yield jobs


def _transcripts(folder: Path, output: str | None) -> list[Path]:
    out = Path(output).resolve() if output and output != "-" else None
    return sorted(
        p
        for p in folder.rglob("*")
        if p.is_file()
        and p.suffix.lower() in READABLE_SUFFIXES
        and not any(part.startswith((".", "~$")) for part in p.relative_to(folder).parts)
        and not (out is not None and out != folder.resolve() and out in p.resolve().parents)
    )


def _output_name(path: Path, options: argparse.Namespace) -> Path:
    if path.name == "-":
        path = Path("stdin")
    suffixes = {name: spec.suffixes[0] for name, spec in FORMATS.items()}
    if options.to is not None and options.to not in FORMATS:
        known = ", ".join(name for name, spec in FORMATS.items() if spec.writable)
        raise InputError(f"--to {options.to}: unknown format; known are {known}")
    writable = {suffix for spec in FORMATS.values() if spec.writable for suffix in spec.suffixes}
    if options.to is None:
        return path if path.suffix.lower() in writable else path.with_name(path.name + ".csv")
    ending = suffixes[options.to]
    return path if path.suffix.lower() == ending else path.with_name(path.name + ending)


@contextlib.contextmanager
def _progress(options: argparse.Namespace, files: int) -> Iterator[Any]:
    """Yield what a worker calls with the rows it has done; a bar on a terminal, else silence."""
    if options.output is None or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=" rows", desc=f"{files} file{'s' if files > 1 else ''}", leave=False) as bar:
        yield bar.update


def _show(job: _Job, model: Model, options: argparse.Namespace) -> FileSummary:
    """Print the talk with its labels."""
    summary = FileSummary(job.name)
    wanted = Columns(
        text=options.text, speaker=options.speaker, session=options.session, target=options.target_column
    )
    with open_source(job.path, format=options.format, sheet=options.sheet, name=job.name) as source:
        found = wanted.find(
            source.columns, client=ClientRule.of(options.client), target=False, where=source.name
        )
        place = {name: k for k, name in enumerate(source.columns)}
        last = None
        for chunk in label_source(
            source, model, wanted, summary, client=options.client, target=options.target
        ):
            for row, said in zip(chunk.rows, chunk.predictions, strict=True):
                session = cell_text(row[place[found.session]]) if found.session else ""
                if session != last:
                    print(f"\n{job.name}" + (f", session {session}" if session else "") + "\n")
                    last = session
                speaker = cell_text(row[place[found.speaker]]) if found.speaker else ""
                print(_line(speaker, cell_text(row[place[found.text or ""]]), said))
    return summary


def _line(speaker: str, text: str, said: Prediction | None) -> str:
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))
    mark, colour, tail = " ", "", ""
    if said is not None:
        mark, colour = _MARKS[said.label] if _prints_unicode() else (_PLAIN_MARKS[said.label], "")
        tail = f"{said.label:<7} {said.confidence:.2f}"
    head = f"{mark} {tail:<12}  {speaker[:14]:<14} "
    lines = textwrap.wrap(" ".join(text.split()), width - len(head)) or [""]
    first = head + lines[0]
    rest = [" " * len(head) + line for line in lines[1:]]
    block = "\n".join([first, *rest])
    return f"{colour}{block}\033[0m" if colour and sys.stdout.isatty() else block


def _prints_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def _summary(summaries: list[FileSummary], model: Model) -> str:
    def row(name: str, s: FileSummary) -> list[str]:
        share = "-" if s.percent_change is None else f"{s.percent_change:.0f}"
        counts = (s.rows, s.sessions, s.labelled, *(s.counts[k] for k in ("change", "neutral", "sustain")))
        return [name, *map(str, counts), share]

    head = ["file", "rows", "sessions", "client", "change", "neutral", "sustain", "%CT"]
    table = [head, *(row(s.name, s) for s in summaries)]
    if len(summaries) > 1:
        total = FileSummary("all")
        for s in summaries:
            total.rows += s.rows
            total.sessions += s.sessions
            total.counts += s.counts
        table.append(row("all", total))
    widths = [max(len(line[k]) for line in table) for k in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(w) if k == 0 else cell.rjust(w)
            for k, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in table
    ]
    notes = [f"{s.name}: {note}" for s in summaries for note in s.notes]
    return "\n".join(["", *lines, *notes, f"model {model.tag}; %CT = change / (change + sustain)"])
