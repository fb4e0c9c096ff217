"""The pages: one of a session, one of all sessions of a batch."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from urllib.parse import quote

import pandas as pd

from changetalk import __version__
from changetalk.labels import LABELS, Label
from changetalk.report.drawing import (
    bar,
    beyond_chance,
    curve_drawing,
    mark,
    shapes,
    spark,
    transition_drawing,
)
from changetalk.report.figures import Batch, SessionFigures
from changetalk.report.markup import Html, escape, joined, number, tag
from changetalk.report.palette import DARK, LIGHT
from changetalk.report.talk import anchors, measures_table, talk_section


def session_page(batch: Batch, k: int, names: Sequence[str] = ()) -> str:
    """Return the page of a session as HTML.

    Parameters
    ----------
    batch : Batch
    k : int
        Which of its sessions.
    names : sequence of str
        The files of all sessions' pages, to lead from one to the next; empty for a page alone.
    """
    session = batch.sessions[k]
    body = [
        _header(session.title, _facts(session), _ways(names, k) if names else None),
        tag(
            "main",
            tag("div", _caution(batch, session), _numbers(session), class_="first"),
            tag("div", _curve(batch, session), _transitions(session), class_="figures"),
            talk_section(session),
            class_="session",
        ),
        _footer(session.models),
    ]
    return _page(session.title, "talk", "Skip to what was said", joined(body), script=_text("page.js"))


def overview_page(batch: Batch, names: Sequence[str]) -> str:
    """Return the page of a batch as HTML, with a row a session that leads to its page.

    Parameters
    ----------
    batch : Batch
    names : sequence of str
        The files of the sessions' pages, which lie beside this one.
    """
    n = len(batch.sessions)
    title = f"{n} session" + ("" if n == 1 else "s")
    totals = {label: sum(each.counts[label] for each in batch.sessions) for label in LABELS}
    numeric = ["utterances", "slope", "final tenth"]
    heads = [
        tag("th", "session", scope="col"),
        tag("th", "shares", scope="col"),
        tag("th", "%CT", scope="col", class_="number"),
        tag("th", "over the session", scope="col"),
        *(tag("th", mark(label), f" {label}", scope="col", class_="number") for label in LABELS),
        *(tag("th", name, scope="col", class_="number") for name in numeric),
    ]
    lines = [_line(session, name) for session, name in zip(batch.sessions, names, strict=True)]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *lines), class_="sessions")
    about = (
        "%CT is 100 change / (change + sustain). Slope: how far the score, from "
        "\N{MINUS SIGN}1 (sustain) to +1 (change), moves from the first to the last client utterance, by "
        "least squares. Final tenth: the mean score there. A dash: not defined."
    )
    facts = (f"{sum(totals.values())} client utterances", _labelled_by(batch.models))
    body = [
        _header(title, " \N{MIDDLE DOT} ".join(facts), None),
        tag(
            "main",
            tag("div", _caution(batch, None), _tiles(totals, {}), class_="first"),
            tag(
                "section",
                tag("h2", "Session by session", id="sessions-title"),
                _scrolling(table, "Session by session"),
                tag("p", about, class_="hint"),
                id="sessions",
                tabindex=-1,
                aria_labelledby="sessions-title",
            ),
            _follows(batch.follows, batch.behaviours, "all sessions"),
            class_="overview",
        ),
        _footer(batch.models),
    ]
    return _page(title, "sessions", "Skip to the sessions", joined(body), script=None)


@cache
def _text(name: str) -> str:
    return files("changetalk.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


def _page(title: str, skip: str, skip_words: str, body: Html, script: str | None) -> str:
    """Fill the template; the policy lets nothing run or load but what is in the page itself."""
    style = (
        f":root{{{LIGHT.css()}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{DARK.css()}}}}}\n"
        + _text("page.css")
    )
    policy = f"style-src {_hash(style)}" + (f"; script-src {_hash(script)}" if script else "")
    return Template(_text("page.html")).substitute(
        policy=policy,
        title=escape(title),
        version=escape(__version__),
        style=style,
        skip=tag("a", skip_words, href=f"#{skip}", class_="skip"),
        body=joined([shapes(), body]),
        script=f"<script>{script}</script>" if script else "",
    )


def _header(title: str, facts: str, ways: Html | None) -> Html:
    return tag("header", ways or "", tag("h1", title), tag("p", facts, class_="facts"))


def _facts(session: SessionFigures) -> str:
    minutes = session.measures["minutes"]
    facts = [f"target behaviour: {session.target}"] if session.target else []
    facts.append(f"{len(session.rows)} rows")
    if isinstance(minutes, float) and minutes == minutes:
        facts.append(f"{number(minutes, 0)} minutes")
    return " \N{MIDDLE DOT} ".join([*facts, _labelled_by(session.models)])


def _labelled_by(models: Sequence[str]) -> str:
    return f"labelled by {', '.join(models)}" if models else "labels from the table, not from a model"


def _ways(names: Sequence[str], k: int) -> Html:
    ways = [tag("a", "All sessions", href="index.html")]
    if k > 0:
        ways.append(tag("a", "\N{LEFTWARDS ARROW} previous", href=quote(names[k - 1]), rel="prev"))
    if k + 1 < len(names):
        ways.append(tag("a", "next \N{RIGHTWARDS ARROW}", href=quote(names[k + 1]), rel="next"))
    return tag("nav", *ways, aria_label="Sessions")


def _caution(batch: Batch, session: SessionFigures | None) -> Html:
    models = batch.models if session is None else session.models
    words = [
        "The labels are a model's: it reads the words alone, hears no tone, and errs. "
        "Probabilities are calibrated on the sessions the model was made from, and may be off in others. "
        "A label follows the model's own rule and need not be the most probable."
        if models
        else "The labels are as the table gives them. They are of the words alone, without tone.",
        tag("strong", "For research and training, not for decisions about a person."),
    ]
    return tag("p", words[0], " ", words[1], class_="caution", role="note", aria_label="Caution")


def _tiles(counts: Mapping[Label, int], more: Mapping[str, object]) -> Html:
    tiles = [
        tag("div", tag("dt", mark(label), f" {label}"), tag("dd", number(counts[label])), class_=label)
        for label in LABELS
    ]
    tiles += [tag("div", tag("dt", name), tag("dd", number(value))) for name, value in more.items()]
    return tag("dl", *tiles, class_="tiles")


def _numbers(session: SessionFigures) -> Html:
    m = session.measures
    more = {"%CT": number(m["pct_change_talk"], 0), "slope": m["slope"], "final tenth": m["decile_10"]}
    return tag(
        "section",
        tag("h2", "In numbers", id="numbers-title"),
        _tiles(session.counts, more),
        bar(session.counts, 400, 8),
        tag("details", tag("summary", "All measures, and what they are"), measures_table(session)),
        aria_labelledby="numbers-title",
    )


def _curve(batch: Batch, session: SessionFigures) -> Html:
    if session.curve is None:
        words: Html | str = tag("p", "No client utterance of this session has a label.")
    else:
        labels = session.rows.loc[session.rows["client"], "label"].tolist()
        score = (
            "P(change) \N{MINUS SIGN} P(sustain)"
            if batch.expected
            else "+1 change, 0 neutral, \N{MINUS SIGN}1 sustain"
        )
        first, last = session.curve["curve"].iloc[[0, -1]]
        caption = (
            f"Each shape is a client utterance, its height the score: {score}. The line is a local average "
            f"of them, from {number(first)} at the first to {number(last)} at the last; the band, its 95% "
            "interval at each point, shows how much of its course may be noise."
        )
        words = tag(
            "figure", curve_drawing(session.curve, labels, anchors(session)), tag("figcaption", caption)
        )
    return tag(
        "section", tag("h2", "Over the session", id="curve-title"), words, aria_labelledby="curve-title"
    )


def _transitions(session: SessionFigures) -> Html:
    return _follows(session.follows, session.behaviours, "this session")


def _follows(follows: pd.DataFrame | None, behaviours: pd.DataFrame | None, of: str) -> Html:
    title = tag("h2", "What follows what", id="follows-title")
    if follows is None:
        parts = [tag("p", f"In {of} there are no two client utterances one after the other.")]
    else:
        caption = (
            "From one client utterance to the next, whatever was said between them: the share of each "
            "label's utterances after which the other comes. An asterisk: more, or less, often than "
            "chance alone would bring about 1 time in 20, taking the pairs as independent; given only where "
            "chance would bring 5 or more."
        )
        drawing = transition_drawing(follows)
        parts = [
            tag("figure", drawing, tag("figcaption", caption)),
            tag(
                "details",
                tag("summary", "The same as a table"),
                _pairs(follows, "after", "comes", f"From client talk to client talk, {of}"),
            ),
        ]
    if behaviours is not None:
        parts.append(tag("h3", "After what the therapist does"))
        parts.append(_pairs(behaviours, "after", "comes", f"From therapist to client, {of}"))
    return tag("section", title, *parts, class_="follows", aria_labelledby="follows-title")


def _pairs(frame: pd.DataFrame, given: str, target: str, label: str) -> Html:
    heads = [(given, ""), (target, ""), ("times", "number"), ("share", "number")]
    heads += [("odds ratio, 95%", "number"), ("residual", "number")]
    lines = []
    for row in frame.to_dict("records"):
        interval = f" ({number(row['or_low'])}\N{EN DASH}{number(row['or_high'])})"
        odds = number(row["odds_ratio"])
        cells = [
            str(row["count"]),
            f"{row['probability']:.0%}",
            odds + interval if row["odds_ratio"] == row["odds_ratio"] else odds,
            number(row["adjusted_residual"]) + ("*" if beyond_chance(row) else ""),
        ]
        what = row["target"]
        lines.append(
            tag(
                "tr",
                tag("th", row["given"], scope="row"),
                tag("td", mark(what), f" {what}"),
                *(tag("td", cell, class_="number") for cell in cells),
            )
        )
    head = tag("tr", *(tag("th", name, scope="col", class_=kind or None) for name, kind in heads))
    return _scrolling(tag("table", tag("thead", head), tag("tbody", *lines), class_="pairs"), label)


def _scrolling(table: Html, label: str) -> Html:
    """Let a wide table scroll by itself, by keyboard too, so that the page never does."""
    return tag("div", table, class_="scrolling", role="region", aria_label=label, tabindex=0)


def _line(session: SessionFigures, name: str) -> Html:
    m = session.measures
    link = tag("a", tag("bdi", session.name or "session"), href=quote(name))
    numbers = [*session.counts.values(), m["n_client"], m["slope"], m["decile_10"]]
    return tag(
        "tr",
        tag("th", link, scope="row"),
        tag("td", bar(session.counts, 120)),
        tag("td", number(m["pct_change_talk"], 0), class_="number"),
        tag("td", spark(session.curve) if session.curve is not None else ""),
        *(tag("td", number(value), class_="number") for value in numbers),
    )


def _footer(models: Sequence[str]) -> Html:
    by = _labelled_by(models)
    return tag(
        "footer",
        tag("p", f"{by[0].upper()}{by[1:]}. Made by changetalk {__version__}."),
        tag(
            "p",
            "This page holds what was said in therapy: keep it where such records are kept. "
            "It loads nothing and sends nothing.",
        ),
    )
