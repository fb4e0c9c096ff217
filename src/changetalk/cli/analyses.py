"""Arguments of the verbs that read what `changetalk label` wrote."""

from __future__ import annotations

import argparse
from typing import Final

from changetalk.cli.arguments import add_verb

Verbs = argparse._SubParsersAction  # argparse has no public name for it

_SUMMARISE_HELP: Final = """\
examples:
  changetalk summarise labelled/
        a line a session
  changetalk summarise labelled/ -o sessions.xlsx
        every measure, for R, SPSS or Excel
  changetalk summarise --measures
        what each measure is

LABELLED is what `changetalk label` wrote, or a table coded by hand with --label COLUMN."""

_TRANSITIONS_HELP: Final = """\
examples:
  changetalk transitions labelled/
        which client talk follows which
  changetalk transitions labelled/ --given behaviour -o transitions.csv
        which client talk follows what the therapist does

Printed or written: counts, probabilities, odds ratios with 95% intervals, adjusted residuals."""


_REPORT_HELP: Final = """\
examples:
  changetalk report anna.csv -o anna.html
        a page of one session: the talk with its labels, its curve, what follows what
  changetalk report labelled/ -o reports/
        a page a session, and index.html, which leads to them

A page is one file that needs nothing else and sends nothing. It holds what was said."""

_AGREE_HELP: Final = """\
examples:
  changetalk agree coded.csv --coders ann ben
        two coders with a column each: kappa, AC1, alpha, confusion, ICCs of session figures
  changetalk label coded.csv -o labelled.csv
  changetalk agree labelled.csv --coders ann ct_label
        a coder and a model

Intervals are 95%, by bootstrap over sessions; those of the ICCs rest on F."""


def add_analyses(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Add all of these verbs, in the order in which they are used."""
    _summarise(verbs)
    _transitions(verbs)
    _agree(verbs)
    _report(verbs)


def _summarise(verbs: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "summarise", "summarise", "give the measures of each session", _SUMMARISE_HELP)
    _labelled(verb, nargs="*")
    verb.add_argument("--measures", action="store_true", help="say what each measure is, and stop")


def _transitions(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "count what follows what in labelled sessions"
    verb = add_verb(verbs, "transitions", "transitions", summary, _TRANSITIONS_HELP)
    _labelled(verb)
    verb.add_argument(
        "--given",
        metavar="COLUMN",
        default="label",
        help="what comes first: label (default), behaviour or another column",
    )
    verb.add_argument(
        "--target", metavar="COLUMN", default="label", help="what comes after it (default: label)"
    )
    verb.add_argument("--lag", metavar="N", type=int, default=1, help="how many steps later (default: 1)")
    verb.add_argument("--by-session", action="store_true", help="a table for each session, not one of all")


def _agree(verbs: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "agree", "agree", "compare coders, or coders and a model", _AGREE_HELP)
    verb.add_argument("coded", metavar="CODED", help="table with a column of labels for each coder")
    verb.add_argument(
        "--coders", nargs="+", metavar="COLUMN", required=True, help="the coders' columns, two or more"
    )
    verb.add_argument("-o", "--output", metavar="JSON", help="write every figure into this file")
    verb.add_argument(
        "--client",
        metavar="NAME",
        action="append",
        help="the client's name, where the columns hold the therapist's codes too",
    )
    columns = verb.add_argument_group("where the table's columns have other names")
    for role in ("speaker", "session"):
        columns.add_argument(f"--{role}", metavar="COLUMN", help=f"column that holds the {role}")
    files = verb.add_argument_group("where the file's name does not tell")
    files.add_argument("--format", metavar="FORMAT", help="csv, tsv, xlsx, jsonl or parquet")
    files.add_argument("--sheet", metavar="SHEET", help="sheet of a workbook that has several")


def _report(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "write pages that show labelled sessions, to read in a browser"
    verb = add_verb(verbs, "report", "report", summary, _REPORT_HELP)
    verb.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="an .html file for one session, or a folder for any number",
    )
    verb.add_argument("--target", metavar="WORDS", help="the target behaviour, to be named on the pages")
    _talk(verb)


def _labelled(verb: argparse.ArgumentParser, nargs: str = "+") -> None:
    verb.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="csv, tsv, xlsx, jsonl or parquet file; - for standard output",
    )
    _talk(verb, nargs)


def _talk(verb: argparse.ArgumentParser, nargs: str = "+") -> None:
    verb.add_argument("inputs", nargs=nargs, metavar="LABELLED", help="labelled tables, or folders of them")
    verb.add_argument(
        "--label", metavar="COLUMN", help="column of labels, where they are not the model's (ct_label)"
    )
    verb.add_argument(
        "--client",
        metavar="NAME",
        action="append",
        help="the client's name, where one column holds the codes of client and therapist",
    )
    columns = verb.add_argument_group("where the table's columns have other names")
    for role in ("text", "speaker", "session"):
        columns.add_argument(f"--{role}", metavar="COLUMN", help=f"column that holds the {role}")
    files = verb.add_argument_group("where the file's name does not tell")
    files.add_argument("--format", metavar="FORMAT", help="csv, tsv, xlsx, jsonl or parquet")
    files.add_argument("--sheet", metavar="SHEET", help="sheet of a workbook that has several")
