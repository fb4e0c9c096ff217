"""What was said, with its labels: the part of a page that is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from changetalk.labels import LABELS
from changetalk.report.drawing import bar, mark
from changetalk.report.figures import SessionFigures
from changetalk.report.markup import Html, joined, number, tag
from changetalk.session import MEASURES


def talk_section(session: SessionFigures) -> Html:
    """Return the session's talk, a list item a row, under buttons that filter it."""
    rows = session.rows.to_dict("records")
    known = bool(session.rows["p_change"].notna().any())
    buttons = [
        _button("Everything", pressed=True, data_show="all"),
        *(
            _button(
                joined([mark(label), f" {label} ", tag("span", str(session.counts[label]), class_="count")]),
                data_show=label,
            )
            for label in LABELS
        ),
    ]
    controls = [tag("div", *buttons, role="group", aria_label="Show only", class_="buttons")]
    if known:
        controls.append(tag("div", _button("Show all probabilities", id="probabilities"), class_="buttons"))
    hint = "Point at an utterance, touch it or reach it with the Tab key to see its probabilities."
    return tag(
        "section",
        tag("h2", "What was said", id="talk-title"),
        tag("p", hint, class_="hint") if known else "",
        # Without its script the page shows everything, and no buttons that do nothing.
        tag("div", *controls, id="controls", hidden=True),
        tag("p", id="shown", role="status", class_="hint"),
        tag("ol", *(_row(k, row) for k, row in enumerate(rows)), id="utterances"),
        id="talk",
        tabindex=-1,
        aria_labelledby="talk-title",
    )


def anchors(session: SessionFigures) -> list[str]:
    """Return the ids that the client's labelled utterances have on the page."""
    return [_anchor(k) for k, client in enumerate(session.rows["client"]) if client]


def measures_table(session: SessionFigures) -> Html:
    """Return every measure of the session with what it is."""
    rows = [
        tag(
            "tr",
            tag("th", MEASURES[name], tag("code", name), scope="row"),
            tag("td", number(value)),
        )
        for name, value in session.measures.items()
        if name not in ("session", "model")
    ]
    return tag("table", tag("tbody", *rows), class_="measures", aria_label="All measures of this session")


def _button(content: str, *, pressed: bool = False, **attributes: str) -> Html:
    state = "true" if pressed else "false"
    return tag("button", content, type="button", aria_pressed=state, **attributes)


def _anchor(k: int) -> str:
    return f"u{k + 1}"


def _row(k: int, row: Mapping[Any, Any]) -> Html:
    client, label = row["client"], row["label"]
    who = [tag("bdi", row["speaker"] or ("client" if client else "other"), class_="who")]
    if not math.isnan(row["start"]):
        who.append(tag("span", _clock(row["start"]), class_="time"))
    for kind in ("codes", "behaviour"):
        if row[kind] is not None:
            who.append(tag("span", row[kind], class_="code"))
    if client:
        who.insert(1, tag("span", mark(label), label, class_="label"))
    known = client and not math.isnan(row["p_change"])
    said = tag(
        "p",
        row["text"] or "(no words)",
        class_="said",
        dir="auto",
        role="note" if known else None,
        tabindex=0 if known else None,
        aria_describedby=f"{_anchor(k)}p" if known else None,
    )
    return tag(
        "li",
        tag("div", *who, class_="head"),
        said,
        _probabilities(k, row) if known else "",
        id=_anchor(k),
        class_=f"client {label}" if client else "other",
        data_label=label if client else None,
    )


def _probabilities(k: int, row: Mapping[Any, Any]) -> Html:
    values = {label: row[f"p_{label}"] for label in LABELS}
    words = [tag("span", mark(label), f"{label} {number(p)}") for label, p in values.items()]
    return tag("div", bar(values), tag("p", *words), class_="p", id=f"{_anchor(k)}p", role="tooltip")


def _clock(seconds: float) -> str:
    """Return a time as 1:02:03, or 2:03 within the first hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
