"""Write the figures of benchmarks/results/ into the pages that quote them.

    python benchmarks/render.py           # writes
    python benchmarks/render.py --check   # exit status 1 if a page is not up to date

A page holds `<!-- begin: NAME -->` and `<!-- end: NAME -->`; what stands between is ours.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from changetalk.labels import LABELS
from changetalk.loading import load
from changetalk.training.evaluation import Report, Scores, format_table

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
BASELINE = "plain TF-IDF + logistic regression"


def results(name: str) -> dict[str, Any]:
    """Return a results file."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def accuracy_rows() -> dict[str, Report]:
    """Return the reports of the accuracy benchmark by row."""
    return {name: Report.from_dict(row) for name, row in results("accuracy")["rows"].items()}


def corpus() -> dict[str, Any]:
    """Return the scores of the shipped recipe, with our dialogues and without."""
    return results("corpus")


def panel() -> dict[str, Any]:
    """Return the shipped linear model's scores on the panel."""
    found: dict[str, Any] = results("panel")[load("linear").tag]
    return found


def folds() -> str:
    """Baselines, the recipe, the recipe without the decision rule."""
    base, ours = accuracy_rows(), corpus()["annomi"]
    rows = {name: base[name] for name in ("majority class", BASELINE)}
    rows["**linear**"] = Report.from_dict(ours["with dialogues"])
    rows["linear, without our dialogues"] = Report.from_dict(ours["without dialogues"])
    rows["linear, most probable class instead of the rule"] = Report.from_dict(
        ours["with dialogues"]["most probable class"]
    )
    return format_table(rows)


def classes() -> str:
    """Precision, recall and F1 by class."""
    report = Report.from_dict(corpus()["annomi"]["with dialogues"])
    lines = ["| | precision | recall | F1 | turns |", "|---|---|---|---|---|"]
    for label in LABELS:
        c = report.classes[label]
        lines.append(f"| {label} | {c.precision:.3f} | {c.recall:.3f} | {c.f1:.3f} | {c.support:,} |")
    return "\n".join(lines)


def panel_table() -> str:
    """Return the model and each human coder against the panel."""
    found = panel()
    humans = {
        f"{coder.replace('_', ' ')}, against the other nine": Scores(**s)
        for coder, s in found["humans"].items()
    }
    rows: dict[str, Report | Scores] = {
        "**linear**, against the majority of ten": Report.from_dict(found["model"]),
        "**linear**, against nine, mean of ten": Scores(**found["model_against_nine"]),
        "one expert, against the other nine, mean of ten": Scores(**found["human_against_nine"]),
        "one expert, against another, mean of 45 pairs": Scores(**found["human_against_one"]),
        **humans,
    }
    return format_table(rows)


def transfer() -> str:
    """Return the recipe on the test part of our dialogues, trained with and without the rest."""
    ours = corpus()["test part"]
    rows = {
        "linear, without our dialogues": ours["without dialogues"]["all"],
        "**linear**": ours["with dialogues"]["all"],
        "the same, without context": ours["with dialogues"]["all, without context"],
        "on anxiety": ours["with dialogues"]["anxiety"],
        "on depression": ours["with dialogues"]["depression"],
        "on other behaviours": ours["with dialogues"]["other"],
        "behaviours that training does not have": ours["with dialogues"]["test: behaviour"],
        "dialogues on behaviours that it has": ours["with dialogues"]["test: dialogue"],
    }
    return format_table({name: Report.from_dict(row) for name, row in rows.items()})


def ingredients() -> str:
    """Every row of the accuracy benchmark, with transfer beside it."""
    lines = [
        "| | macro-F1 | kappa | F1 sustain | ECE | log loss | transfer macro-F1 | transfer, no context |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in results("accuracy")["rows"].items():
        report = Report.from_dict(row)
        other = [
            Report.from_dict(row["transfer"][k]).macro_f1.value for k in ("with_context", "without_context")
        ]
        lines.append(
            f"| {name} | {report.macro_f1.value:.3f} | {report.kappa.value:.3f} "
            f"| {report.classes['sustain'].f1:.3f} | {report.ece.value:.3f} | {report.log_loss.value:.3f} "
            f"| {other[0]:.3f} | {other[1]:.3f} |"
        )
    return "\n".join(lines)


def coverage() -> str:
    """Return how often intervals for %CT hold the truth, and how wide they are."""
    found = results("coverage")["shares of the talk from which sessions are a sample"]
    lines = [
        (
            "| labeller | sessions, coded | naive: coverage | width | corrected: coverage | width "
            "| human codes alone: width |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for labeller, sizes in found.items():
        for size, row in sizes.items():
            naive, ours, human = (
                row[k]["proportion_change_talk"] for k in ("naive", "corrected", "human labels alone")
            )
            lines.append(
                f"| {labeller} (accuracy {row['accuracy']:.2f}) | {size} | {naive['coverage']:.3f} "
                f"| {naive['width']:.2f} | {ours['coverage']:.3f} | {ours['width']:.2f} "
                f"| {human['width']:.2f} |"
            )
    return "\n".join(lines)


def label_sets() -> str:
    """Return coverage and size of label sets on AnnoMI, by what was promised."""
    found = results("conformal")["linear, without our dialogues"]
    lines = [
        (
            "| sets | promised | held, by source | of sustain talk | labels a set | abstained "
            "| accuracy where not |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ("all labels alike", "by label"):
        for level, row in found[kind].items():
            lines.append(
                f"| {kind} | {float(level):.2f} | {row['coverage by source']:.3f} "
                f"| {row['coverage of sustain by source']:.3f} | {row['mean size']:.2f} "
                f"| {row['abstained']:.0%} | {row['accuracy of the single labels']:.3f} |"
            )
    return "\n".join(lines)


def coders() -> str:
    """Return what the agreement room says of AnnoMI's ten coders."""
    paragraph: str = results("agreement")["coders"]["paragraph"]
    return f"> {paragraph}"


def learning() -> str:
    """Return how the linear recipe does on the test part with fewer of our dialogues."""
    ours, fewer = corpus()["test part"], results("learning")["rows"]
    reports = {"none of the dialogues": ours["without dialogues"]["all"]}
    reports |= {
        f"{float(share):.0%} of them, {row['turns']:,} client turns": row["test part"]
        for share, row in fewer.items()
    }
    reports["all"] = ours["with dialogues"]["all"]
    return format_table({name: Report.from_dict(row) for name, row in reports.items()})


def tried_with_encoder() -> str:
    """Return every line of the trials of the encoder."""
    with open(RESULTS / "encoder_search.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]])


def search() -> str:
    """Return every line of the search for the linear recipe."""
    lines = ["| tried | macro-F1 | kappa | log loss | transfer macro-F1 |", "|---|---|---|---|---|"]
    with open(RESULTS / "linear_search.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cells = (row[k] for k in ("tried", "macro_f1", "kappa", "log_loss", "transfer_macro_f1"))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def weights() -> str:
    """Return what was tried with the dialogues while they were being written."""
    with open(RESULTS / "dialogue_weights.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]])


def headline() -> str:
    """Return what the README says of accuracy."""
    found = panel()
    plain = accuracy_rows()[BASELINE]
    ours = Report.from_dict(corpus()["annomi"]["with dialogues"])
    model, human = Report.from_dict(found["model"]), Scores(**found["human_against_nine"])
    one = Scores(**found["human_against_one"])
    return "\n".join(
        [
            "| | AnnoMI by source video, against one expert | the panel, against ten experts' majority |",
            "|---|---|---|",
            f"| plain TF-IDF + logistic regression | {_both(plain)} | |",
            f"| **`linear`** (shipped) | **{_both(ours)}** | {_both(model)} |",
            f"| a human expert | {_point(one)} (on the panel) | {_point(human)} |",
        ]
    )


def speed() -> str:
    """Return what the speed benchmark found."""
    s = results("speed")
    return (
        f"{s['client_utterances']:,} client utterances with context, in one run on two cores: "
        f"{s['numpy']['per_second']:,} a second with numpy, {s['scikit_learn']['per_second']:,} with "
        f"scikit-learn's own pipeline ({s['times_as_fast']} times as fast; largest difference of a "
        f"probability {s['largest_difference']:.1g}). The whole of `changetalk label` on the CSV of "
        f"{s['rows']:,} rows ({s['bytes'] / 1e6:.0f} MB): {s['changetalk']['seconds']} s, at most "
        f"{s['changetalk']['peak_mib']:.0f} MiB of memory, against {s['small_file_peak_mib']:.0f} MiB for "
        "a file of 2,000 rows."
    )


def _point(scores: Scores) -> str:
    return f"macro-F1 {scores.macro_f1:.3f}, kappa {scores.kappa:.3f}"


def _both(report: Report) -> str:
    f1 = report.macro_f1
    return f"macro-F1 {f1.value:.3f} [{f1.low:.3f}, {f1.high:.3f}], kappa {report.kappa.value:.3f}"


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"accuracy": headline, "speed": speed},
    "models/linear/README.md": {
        "folds": folds,
        "classes": classes,
        "panel": panel_table,
        "transfer": transfer,
        "speed": speed,
    },
    "docs/analyses.md": {"coders": coders, "coverage": coverage, "label sets": label_sets},
    "docs/experiments.md": {
        "ingredients": ingredients,
        "search": search,
        "corpus": folds,
        "test part": transfer,
        "weights": weights,
        "learning": learning,
        "encoder": tried_with_encoder,
    },
}


def main() -> None:
    """Fill every page in, or say which is not up to date."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for page, blocks in PAGES.items():
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        fresh = text
        for name, make in blocks.items():
            before, rest = fresh.split(f"<!-- begin: {name} -->\n")
            after = rest.split(f"<!-- end: {name} -->", 1)[1]
            fresh = f"{before}<!-- begin: {name} -->\n{make()}\n<!-- end: {name} -->{after}"
        if fresh != text:
            stale.append(page)
            if not check:
                path.write_text(fresh, encoding="utf-8")
    print(", ".join(stale) or "nothing", "is out of date" if check else "written")
    if check and stale:
        sys.exit(1)


if __name__ == "__main__":
    main()
