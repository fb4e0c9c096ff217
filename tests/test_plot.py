"""Figures: what is drawn is what was computed."""

from __future__ import annotations

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

import changetalk as ct
from changetalk import plot
from changetalk.errors import ColumnError, InputError, MissingPackageError
from changetalk.labels import LABELS
from changetalk.report.palette import LIGHT

mpl.use("Agg")


def session(labels: str, name: str = "s1") -> pd.DataFrame:
    """Return a session: c, n and s are client utterances of that label, t is the therapist."""
    names = {"c": "change", "n": "neutral", "s": "sustain", "t": None}
    found = [names[each] for each in labels]
    return pd.DataFrame({"session": name, "ct_label": pd.Series(found, dtype=object)})


@pytest.fixture(autouse=True)
def _closed():
    """Leave no figure open."""
    yield
    plt.close("all")


@pytest.fixture
def two() -> pd.DataFrame:
    """Two sessions."""
    return pd.concat([session("tsntcsntcc"), session("cstsc", "s2")], ignore_index=True)


def test_trajectory_of_a_session_draws_utterances_curve_and_band():
    talk = session("tsntcsntcc")
    curve = ct.trajectory(talk)
    ax = plot.trajectory(talk)
    np.testing.assert_allclose(ax.lines[-1].get_xydata(), curve[["position", "curve"]])
    labels = talk["ct_label"].dropna().to_numpy()
    shapes = {each.get_label(): each for each in ax.collections if each.get_label() in LABELS}
    for label in LABELS:
        np.testing.assert_allclose(
            shapes[label].get_offsets(), curve.loc[labels == label, ["position", "score"]]
        )
        assert to_hex(shapes[label].get_facecolor()[0]) == getattr(LIGHT, label)
    paths = {shapes[label].get_paths()[0].vertices.tobytes() for label in LABELS}
    assert len(paths) == 3
    band = ax.collections[-1].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(curve["upper"].max())
    assert band[:, 1].min() == pytest.approx(curve["lower"].min())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(LABELS)


def test_trajectories_of_several_sessions_are_a_curve_each(two):
    ax = plot.trajectory(two, bandwidth=0.3)
    curves = ct.trajectory(two, bandwidth=0.3)
    for line, (name, curve) in zip(ax.lines[1:], curves.groupby("session", sort=False), strict=True):
        assert line.get_label() == name
        np.testing.assert_allclose(line.get_ydata(), curve["curve"])


def test_trajectory_takes_a_coders_labels():
    talk = session("csn").rename(columns={"ct_label": "mine"})
    ax = plot.trajectory(talk, label="mine", score="hard")
    assert sorted(y for each in ax.collections[:3] for y in each.get_offsets()[:, 1]) == [-1, 0, 1]


def test_transitions_are_shaded_and_written(two):
    frame = ct.transitions(two)
    ax = plot.transitions(two)
    np.testing.assert_allclose(ax.images[0].get_array().ravel(), frame["probability"])
    words = [text.get_text() for text in ax.texts]
    assert [word.split("\n")[1] for word in words] == [f"({count})" for count in frame["count"]]
    assert [word.split("\n")[0].rstrip("*") for word in words] == [f"{p:.0%}" for p in frame["probability"]]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(LABELS)


def test_transitions_beyond_chance_have_an_asterisk():
    words = [text.get_text() for text in plot.transitions(session("c" * 15 + "s" * 15)).texts]
    assert [word for word in words if "*" in word] == ["93%*\n(14)", "7%*\n(1)", "0%*\n(0)", "100%*\n(14)"]


def test_transitions_that_cannot_be_are_a_dash():
    words = [text.get_text() for text in plot.transitions(session("ccc")).texts]
    assert words[0] == "100%\n(2)"
    assert words[-1] == "\N{EN DASH}\n(0)"


def test_transitions_are_drawn_as_one_table(two):
    with pytest.raises(TypeError, match="by_session"):
        plot.transitions(two, by_session=True)


def test_sessions_are_bars_from_top_to_bottom(two):
    summary = ct.summarise(pd.concat([two, session("nn", "s3")]))
    ax = plot.sessions(summary)
    for bars, label in zip(ax.containers, LABELS, strict=True):
        np.testing.assert_allclose([each.get_width() for each in bars], summary[f"{label}_per_100"])
    ends = [each.get_x() + each.get_width() for each in ax.containers[-1]]
    assert ends == pytest.approx([100] * 3)
    assert [text.get_text() for text in ax.texts] == ["60", "50", "\N{EN DASH}", "%CT"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["s1", "s2", "s3"]
    assert ax.yaxis_inverted()


def test_sessions_need_a_summary(two):
    with pytest.raises(ColumnError, match=r"what changetalk\.summarise returns"):
        plot.sessions(two)
    with pytest.raises(InputError, match="holds no session"):
        plot.sessions(ct.summarise(two).iloc[:0])


def test_axes_that_are_given_are_drawn_into(two, tmp_path):
    figure, axes = plt.subplots(1, 3)
    drawn = [plot.trajectory(two, axes[0]), plot.transitions(two, axes[1])]
    drawn.append(plot.sessions(ct.summarise(two), axes[2]))
    assert drawn == list(axes)
    for ending in ("png", "svg"):
        figure.savefig(tmp_path / f"all.{ending}")
        assert (tmp_path / f"all.{ending}").stat().st_size > 5000


def test_without_matplotlib_there_is_a_line_to_type(two, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingPackageError, match=r'pip install "changetalk\[plot\]"'):
        plot.trajectory(two)
