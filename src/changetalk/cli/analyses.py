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

_REVIEW_HELP: Final = """\
examples:
  changetalk review labelled/ -n 100 -o to_code.xlsx
        a workbook: half drawn at random, half where the model is least sure
  changetalk review labelled/ -n 200 --share-random 1 -o tasks.json
        Label Studio tasks, and the labelling interface for them

The model's labels are not in the file, so that they cannot sway the coder: --show-labels puts
them in. In Python, changetalk.review.read brings the codes back."""

_SAMPLE_HELP: Final = """\
examples:
  changetalk sample labelled/ -n 200 -o to_code.xlsx
        utterances drawn at random, to be coded by hand without sight of the model's labels
  changetalk estimate labelled/ --coded to_code.xlsx
        and then, with the column 'code' filled in: shares corrected for the model's errors"""

_ESTIMATE_HELP: Final = """\
examples:
  changetalk sample labelled/ -n 200 -o to_code.xlsx
  changetalk estimate labelled/ --coded to_code.xlsx --group arm -o figures.csv

LABELLED must be the files that the sample was drawn from, unchanged. Intervals are 95%."""


def add_analyses(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Add all of these verbs, in the order in which they are used."""
    _summarise(verbs)
    _transitions(verbs)
    _agree(verbs)
    _sample(verbs)
    _estimate(verbs)
    _review(verbs)
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


def _review(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "write out the utterances that a person should code next"
    verb = add_verb(verbs, "review", "review", summary, _REVIEW_HELP)
    _labelled(verb, output="xlsx, csv or tsv file, or json for Label Studio", required=True)
    verb.add_argument("-n", "--number", metavar="N", type=int, default=100, help="how many (default: 100)")
    verb.add_argument(
        "--share-random",
        metavar="SHARE",
        type=float,
        default=0.5,
        help="share of them drawn at random, from 0 to 1 (default: 0.5)",
    )
    verb.add_argument("--show-labels", action="store_true", help="show the coder the model's labels")
    verb.add_argument(
        "--turns", metavar="N", type=int, default=4, help="how many turns before it are shown (default: 4)"
    )
    verb.add_argument("--seed", metavar="N", type=int, default=0, help="of the draw (default: 0)")
    target = verb.add_mutually_exclusive_group()
    target.add_argument(
        "--target", metavar="WORDS", help="the target behaviour, where the table does not say it"
    )
    target.add_argument("--target-column", metavar="COLUMN", help="column that holds the target behaviour")


def _sample(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "draw utterances at random for coding by hand"
    verb = add_verb(verbs, "sample", "sample", summary, _SAMPLE_HELP)
    _labelled(verb, output="xlsx, csv or tsv file, or json for Label Studio", required=True)
    verb.add_argument("-n", "--number", metavar="N", type=int, default=200, help="how many (default: 200)")
    verb.add_argument("--show-labels", action="store_true", help="show the coder the model's labels")
    verb.add_argument(
        "--turns", metavar="N", type=int, default=4, help="how many turns before it are shown (default: 4)"
    )
    verb.add_argument("--seed", metavar="N", type=int, default=0, help="of the draw (default: 0)")
    target = verb.add_mutually_exclusive_group()
    target.add_argument(
        "--target", metavar="WORDS", help="the target behaviour, where the table does not say it"
    )
    target.add_argument("--target-column", metavar="COLUMN", help="column that holds the target behaviour")


def _estimate(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "correct shares of talk by what was coded by hand"
    verb = add_verb(verbs, "estimate", "estimate", summary, _ESTIMATE_HELP)
    _labelled(verb)
    verb.add_argument(
        "--coded", metavar="FILE", required=True, help="what `changetalk sample` or `review` wrote, coded"
    )
    verb.add_argument("--group", metavar="COLUMN", help="column of groups to estimate and compare")
    verb.add_argument(
        "--these-sessions",
        action="store_true",
        help="intervals for these very sessions, not for those they are a sample of",
    )


def _labelled(
    verb: argparse.ArgumentParser,
    nargs: str = "+",
    *,
    output: str = "csv, tsv, xlsx, jsonl or parquet file; - for standard output",
    required: bool = False,
) -> None:
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
