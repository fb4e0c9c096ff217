"""The pages: valid, self-contained, and with the numbers of changetalk.session."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import changetalk as ct
from changetalk.labels import LABELS
from changetalk.report.figures import gather
from changetalk.report.markup import MISSING, number
from changetalk.report.pages import overview_page, session_page
from changetalk.report.write import page_names

HEADINGS = ("h1", "h2", "h3")


def pages(table: pd.DataFrame) -> dict[str, str]:
    """Return each page of a report by its name."""
    frame = ct.as_labelled(table, keep=["target"] if "target" in table else [])
    batch = gather(frame)
    names = page_names([session.name for session in batch.sessions])
    made = {name: session_page(batch, k, names) for k, name in enumerate(names)}
    return {"index.html": overview_page(batch, names), **made}


def parsed(page: str) -> Element:
    """Return a page's elements, by the rules of HTML5 and without a single error."""
    root = html5lib.HTMLParser(strict=True).parse(page)
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]  # of HTML and of SVG alike
    return root


def words(element: Element) -> str:
    """Return all text of an element, spaces in one."""
    return " ".join("".join(element.itertext()).split())


def having(root: Element, name: str, value: str) -> list[Element]:
    """Return the elements with this attribute."""
    return [element for element in root.iter() if element.get(name) == value]


def one_having(root: Element, name: str, value: str) -> Element:
    """Return the only element with this attribute."""
    (found,) = having(root, name, value)
    return found


def tiles(root: Element) -> dict[str, str]:
    """Return the numbers at the top of a page."""
    (found,) = having(root, "class", "tiles")
    return {words(tile[0]): words(tile[1]) for tile in found}


def test_pages_are_valid_and_can_be_found_through(several):
    for name, page in pages(several).items():
        root = parsed(page)
        assert root.get("lang") == "en"
        assert root.find("head/title").text
        assert len(root.findall("body/main")) == len(root.findall("body/header")) == 1
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        for element in root.iter():
            for attribute in ("aria-labelledby", "aria-describedby"):
                assert element.get(attribute, ids[0]) in ids
            if (target := element.get("href", "")).startswith("#"):
                assert target[1:] in ids
        levels = [HEADINGS.index(element.tag) for element in root.iter() if element.tag in HEADINGS]
        assert levels[0] == 0, name
        assert levels.count(0) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))


def test_pages_need_nothing_and_allow_nothing(several):
    for page in pages(several).values():
        root = parsed(page)
        policy = one_having(root, "http-equiv", "Content-Security-Policy").get("content")
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for name in ("style", "script"):
            kept = [each.text for each in root.iter(name)]
            allowed = re.findall(rf"{name}-src '(\S+)'", policy)
            hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in kept]
            assert allowed == [f"sha256-{each}" for each in hashes]
        # Not as a reference, nor as an attribute that runs: the policy would break the page.
        assert "http:" not in page
        assert "https:" not in page
        assert "url(" not in page
        names = {name for element in root.iter() for name in element.attrib}
        assert not names & {"style", "src", "srcset"}
        assert not any(str(name).startswith("on") for name in names)


def test_what_was_said_is_there_in_order_and_nothing_runs(one):
    root = parsed(pages(one)["anna.html"])
    said = having(root, "class", "said")
    assert ["".join(each.itertext()) for each in said] == one["text"].tolist()
    assert not list(root.iter("img"))
    assert len(list(root.iter("script"))) == 1
    rows = list(one_having(root, "id", "utterances"))
    assert [row.get("data-label") for row in rows] == one["ct_label"].tolist()
    heads = [words(row[0]) for row in rows]
    assert heads[0] == "therapist0:00question"
    assert heads[3] == "clientsustain3:15D-;R+"


def test_probabilities_are_described_to_who_cannot_point(one):
    root = parsed(pages(one)["anna.html"])
    said = [each for each in having(root, "class", "said") if each.get("tabindex") == "0"]
    assert len(said) == one["ct_label"].notna().sum()
    shown = one_having(root, "id", said[1].get("aria-describedby"))
    assert shown.get("role") == "tooltip"
    assert words(shown) == "change 0.10neutral 0.25sustain 0.65"


def test_numbers_are_those_of_summarise(several):
    measures = ct.summarise(several).set_index("session")
    made = pages(several)
    for name, page in (("anna", "anna.html"), ("short", "short.html")):
        row, found = measures.loc[name], tiles(parsed(made[page]))
        assert [found[label] for label in LABELS] == [str(row[f"n_{label}"]) for label in LABELS]
        assert found["%CT"] == number(row["pct_change_talk"], 0)
        assert found["slope"] == number(row["slope"])
        assert found["final tenth"] == number(row["decile_10"])
    assert found["slope"] == found["%CT"] == MISSING
    table = one_having(parsed(made["anna.html"]), "class", "measures")
    rows = {words(row[0][0]): words(row[1]) for row in table.iter("tr")}
    shown = measures.loc["anna"].drop("model")
    assert rows == {name: number(value) for name, value in shown.items()}
    total = tiles(parsed(made["index.html"]))
    assert [int(total[label]) for label in LABELS] == [measures[f"n_{label}"].sum() for label in LABELS]


def test_the_overview_has_a_line_a_session(several):
    root = parsed(pages(several)["index.html"])
    table = one_having(root, "class", "sessions")
    lines = [[words(cell) for cell in line] for line in table.iter("tr")]
    assert lines[0] == ["session", "shares", "%CT", "over the session", *LABELS,
                        "utterances", "slope", "final tenth"]  # fmt: skip
    measures = ct.summarise(several)
    for line, (_, row) in zip(lines[1:], measures.iterrows(), strict=True):
        counts = [str(row[f"n_{label}"]) for label in LABELS]
        assert line[0] == row["session"]
        assert line[2] == number(row["pct_change_talk"], 0)
        assert line[4:] == [*counts, str(row["n_client"]), number(row["slope"]), number(row["decile_10"])]


def test_pages_lead_to_each_other(several):
    made = pages(several)
    ways = [
        words(parsed(page).find("body/header/nav")) for name, page in made.items() if name != "index.html"
    ]
    assert ways[0].startswith("All sessions")
    assert [("previous" in way, "next" in way) for way in ways] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    alone = session_page(gather(ct.as_labelled(several[several["session"] == "anna"])), 0)
    assert "<nav" not in alone


@pytest.mark.parametrize("expected", [True, False])
def test_the_curve_is_that_of_trajectory(one, expected):
    if not expected:
        one = one.drop(columns=[f"ct_p_{label}" for label in LABELS])
    root = parsed(pages(one.drop(columns="target"))["anna.html"])
    curve = ct.trajectory(one)
    drawing = having(root, "class", "drawing")[0]
    points = [link[0].text for link in drawing.iter("a")]
    labels = one["ct_label"].dropna()
    assert points == [
        f"client utterance {k + 1}: {label}, score {number(score)}"
        for k, (label, score) in enumerate(zip(labels, curve["score"], strict=True))
    ]
    anchors = [link.get("href") for link in drawing.iter("a")]
    assert anchors == [f"#u{k + 1}" for k in np.flatnonzero(one["ct_label"].notna())]
    # From the drawing's own units back to scores: the plot is 176 high, +1 at 22.
    line = re.findall(r"([\d.]+) ([\d.]+)", one_having(drawing, "class", "curve").get("d"))
    heights = [1 - (float(y) - 22) / 88 for _, y in line]
    assert heights == pytest.approx(curve["curve"].tolist(), abs=0.002)
    assert ("P(change)" in words(root)) == expected


def test_arrows_and_tables_are_those_of_transitions(one):
    root = parsed(pages(one)["anna.html"])
    follows = ct.transitions(one)
    happened = follows[follows["count"] > 0]
    diagram = one_having(root, "class", "drawing diagram")
    arrows = [e for e in diagram.iter() if (e.get("class") or "").startswith("arrow")]
    assert [e.get("class") for e in arrows] == [f"arrow {given}" for given in happened["given"]]
    widths = [float(e.get("stroke-width")) for e in arrows]
    assert widths == pytest.approx((1.5 + 7 * happened["probability"]).tolist(), abs=0.01)
    shares = [words(e).rstrip("*") for e in having(diagram, "class", "share")]
    assert shares == [f"{p:.0%}" for p in happened["probability"]]
    behaviours = ct.transitions(one, given="behaviour")
    for table, frame in zip(having(root, "class", "scrolling"), (follows, behaviours), strict=True):
        lines = [[words(cell) for cell in line] for line in table.iter("tr")][1:]
        rows = frame.loc[frame["given_total"] > 0, ["given", "target", "count"]]
        assert [line[:3] for line in lines] == rows.astype(str).to_numpy().tolist()


@pytest.mark.parametrize(("run", "some"), [(5, False), (15, True)])
def test_an_asterisk_is_a_residual_beyond_chance_where_enough_are_expected(run, some):
    table = pd.DataFrame({"ct_label": ["change"] * run + ["sustain"] * run})
    follows = ct.transitions(table)
    assert (follows["adjusted_residual"].abs() > 1.96).any()
    beyond = (follows["adjusted_residual"].abs() > 1.96) & (follows["expected"] >= 5)
    assert beyond.any() == some
    root = parsed(pages(table)["session.html"])
    shares = [words(e) for e in having(root, "class", "share")]
    assert [share.endswith("*") for share in shares] == beyond[follows["count"] > 0].tolist()


def test_a_session_of_which_little_is_known_says_so(several):
    made = pages(several)
    assert "no two client utterances one after the other" in made["short.html"]
    nothing = several.copy()
    nothing.loc[nothing["session"] == "short", "ct_label"] = None
    assert "No client utterance of this session has a label" in pages(nothing)["short.html"]
    parsed(pages(nothing)["short.html"])


def test_cautions_and_the_model_are_named(one):
    root = parsed(pages(one)["anna.html"])
    caution = words(one_having(root, "class", "caution"))
    assert "hears no tone" in caution
    assert "calibrated" in caution
    assert "not for decisions about a person" in caution
    assert "tiny 1.2.3 (abcdef01)" in words(root.find("body/header"))
    assert f"changetalk {ct.__version__}" in words(root.find("body/footer"))


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.text(max_size=40), st.text(max_size=10), st.sampled_from([*LABELS, None])),
        min_size=1,
        max_size=12,
    ).filter(lambda rows: any(label for *_, label in rows))
)
def test_whatever_is_said_makes_a_valid_page(rows):
    text, speaker, label = zip(*rows, strict=True)
    table = pd.DataFrame({"text": text, "speaker": speaker, "ct_label": pd.Series(label, dtype=object)})
    for page in pages(table).values():
        page.encode()
        assert len(list(parsed(page).iter("script"))) <= 1
