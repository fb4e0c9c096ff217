"""Arguments of the command, and what becomes of errors; the jobs import what they need."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import changetalk
from changetalk.cli.analyses import add_analyses
from changetalk.cli.arguments import add_verb
from changetalk.errors import ChangetalkError

_LABEL_HELP: Final = """\
examples:
  changetalk label session.vtt --client Anna
        print the talk with its labels, and a summary
  changetalk label coded.csv -o labelled.csv
        every row and column of the table, and six columns more
  changetalk label transcripts/ -o labelled/ --target "quitting smoking"
        every transcript in a folder
  cat session.csv | changetalk label - --format csv -o - > labelled.csv

The client is known by name (client, patient, C, P, ...) or is given with --client; it is
never guessed. Exit status: 0 all done, 1 a file could not be labelled, 2 wrong usage,
130 interrupted. What could not be finished leaves no output file behind."""

_TRAIN_HELP: Final = """\
example:
  changetalk train coded.csv -o ours
  changetalk label new.csv -o labelled.csv --model ours

CODED holds your own sessions, coded by hand: columns of sessions, speakers, text and labels
(change, neutral, sustain; CT, FN, ST; or MISC codes with their valence, such as R+). Printed:
grouped cross-validation by session, beside the majority class, plain n-grams and the model
that is shipped, so that you see whether your own model is worth having."""

_EVALUATE_HELP: Final = """\
example:
  changetalk evaluate coded.csv --model linear

CODED holds sessions coded by hand, as for `changetalk train`. Intervals are 95%, by
bootstrap over sessions."""


_CONVERT_HELP: Final = """\
examples:
  changetalk convert session.vtt -o session.xlsx
        a transcript as a table
  changetalk convert session.vtt -o coded.csv --codes session.casaa --client Anna
        the codes given in CACTI beside the words they were given to
  changetalk convert labelled.csv -o session.casaa
        labels and codes for CACTI (one session a file, with times)
  changetalk convert labelled.csv -o tasks.json
        tasks for Label Studio, with the labels as predictions
  changetalk convert AnnoMI-simple.csv -o annomi.csv
        AnnoMI with the column names that everything here knows

No row is lost; what the other format has no place for is said. The output is written whole or
not at all."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        run = import_module(f"changetalk.cli.{options.module}").run
        status: int = run(options)
        sys.stdout.flush()
    except ChangetalkError as error:
        print(f"changetalk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("changetalk: interrupted; what was not finished left no output", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`). Keep Python's exit from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="changetalk",
        description="Label client talk in motivational interviewing: change talk, sustain talk or neutral.",
        epilog="Everything runs on this computer; no text leaves it.",
    )
    parser.add_argument("--version", action="version", version=f"changetalk {changetalk.__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _label(verbs)
    _train(verbs)
    _evaluate(verbs)
    add_analyses(verbs)
    _convert(verbs)
    _models(verbs)
    _doctor(verbs)
    return parser


def _label(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "label", "label", "label the client's talk in transcripts and tables", _LABEL_HELP)
    verb.add_argument(
        "inputs",
        nargs="+",
        metavar="FILE",
        help="transcripts, tables or folders of them; - for standard input",
    )
    verb.add_argument(
        "-o", "--output", metavar="OUT", help="file, or folder for several files; - for standard output"
    )
    verb.add_argument("--model", metavar="MODEL", help="a shipped model's name or a model's folder")
    verb.add_argument("--target", metavar="WORDS", help="the target behaviour, where the files do not say it")
    verb.add_argument("--to", metavar="FORMAT", help="format of the output: csv, tsv, xlsx, jsonl or parquet")
    _reading(verb)


def _train(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "train", "train", "train a model on your own coded sessions", _TRAIN_HELP)
    verb.add_argument("coded", metavar="CODED", help="table of coded sessions")
    verb.add_argument(
        "-o", "--output", metavar="FOLDER", required=True, help="folder to write the model into"
    )
    verb.add_argument("--name", metavar="NAME", help="the model's name; default: the folder's")
    verb.add_argument(
        "--target", metavar="WORDS", help="the target behaviour, where the table does not say it"
    )
    verb.add_argument(
        "--folds", metavar="N", type=int, default=5, help="folds of the cross-validation (default: 5)"
    )
    _coded(verb)


def _evaluate(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "evaluate", "evaluate", "score a model on coded sessions", _EVALUATE_HELP)
    verb.add_argument("coded", metavar="CODED", help="table of coded sessions")
    verb.add_argument("--model", metavar="MODEL", help="a shipped model's name or a model's folder")
    verb.add_argument("-o", "--output", metavar="JSON", help="write every figure into this file")
    verb.add_argument(
        "--target", metavar="WORDS", help="the target behaviour, where the table does not say it"
    )
    _coded(verb)


def _convert(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "convert", "convert", "write a file in another format", _CONVERT_HELP)
    verb.add_argument("input", metavar="IN", help="transcript, table or codes; - for standard input")
    verb.add_argument("-o", "--output", metavar="OUT", required=True, help="file; - for standard output")
    verb.add_argument("--codes", metavar="CASAA", help="a session coded in CACTI, to be put beside its words")
    verb.add_argument(
        "--by", choices=["time", "order"], default="time", help="how codes find their words (default: time)"
    )
    verb.add_argument(
        "--client", metavar="NAME", action="append", help="the client's name, for CACTI's files"
    )
    files = verb.add_argument_group("where the files' names do not tell")
    files.add_argument("--from", dest="source_format", metavar="FORMAT", help="format of IN")
    files.add_argument("--to", metavar="FORMAT", help="format of OUT")
    files.add_argument("--sheet", metavar="SHEET", help="sheet of a workbook that has several")


def _models(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = add_verb(verbs, "models", "models", "list the models that are shipped, or show a model's card")
    verb.add_argument("card", nargs="?", choices=["list", "card"], default="list", metavar="list|card")
    verb.add_argument("model", nargs="?", metavar="MODEL", help="a shipped model's name or a model's folder")


def _doctor(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        verbs, "doctor", "doctor", "check the installation: versions, hashes, stored predictions replayed"
    )
    verb.add_argument(
        "models", nargs="*", metavar="MODEL", help="models to check; default: all that are shipped"
    )


def _coded(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--label", metavar="COLUMN", help="column that holds the codes")
    _reading(verb)


def _reading(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--client",
        metavar="NAME",
        action="append",
        help="the client's name; again for each, where sessions differ; "
        "'everyone' where all rows are client talk",
    )
    columns = verb.add_argument_group("where the table's columns have other names")
    for role in ("text", "speaker", "session"):
        columns.add_argument(f"--{role}", metavar="COLUMN", help=f"column that holds the {role}")
    columns.add_argument("--target-column", metavar="COLUMN", help="column that holds the target behaviour")
    files = verb.add_argument_group("where the file's name does not tell")
    files.add_argument("--format", metavar="FORMAT", help="csv, tsv, xlsx, jsonl, parquet, txt, vtt or srt")
    files.add_argument("--sheet", metavar="SHEET", help="sheet of a workbook that has several")


if __name__ == "__main__":
    sys.exit(main())
