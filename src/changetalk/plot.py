"""Figures for papers, with matplotlib: sessions, their curves, and what follows what.

Each function draws into axes and returns them; title, size and file are the caller's affair:
``plot.trajectory(labelled).figure.savefig("curve.svg")``. Colours and shapes are those of the
report; nothing is told by colour alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from changetalk.errors import ColumnError, InputError, MissingPackageError
from changetalk.labelled import as_labelled
from changetalk.labels import LABELS, Label
from changetalk.report.drawing import beyond_chance
from changetalk.report.markup import number
from changetalk.report.palette import LIGHT, MARKERS
from changetalk.session import trajectory as _trajectory
from changetalk.session import transitions as _transitions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["sessions", "trajectory", "transitions"]

_COLOURS: Final[dict[Label, str]] = {label: getattr(LIGHT, label) for label in LABELS}
_HATCHES: Final[dict[Label, str]] = {"change": "", "neutral": "...", "sustain": "///"}


def trajectory(labelled: Any, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw how a session's client talk moves, or the curves of several sessions.

    Parameters
    ----------
    labelled : table, Transcript or sequence of Transcript
        As for `changetalk.as_labelled`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    **options
        As for `changetalk.trajectory`: score, bandwidth, level, label, session, ...

    Returns
    -------
    matplotlib.axes.Axes
        Of one session: a shape for each client utterance, the smooth curve and its band. Of
        several: a thin curve for each.

    Raises
    ------
    MissingPackageError
        Without matplotlib. Else as for `changetalk.trajectory`.
    """
    ax = _axes(ax)
    shape = {name: options.pop(name, None) for name in ("label", "session", "speaker", "text", "client")}
    table = as_labelled(labelled, **shape)
    curves = _trajectory(table, **options)
    several = len(set(curves["session"])) > 1
    ax.axhline(0, color=LIGHT.line, linewidth=1, zorder=0)
    if several:
        for name, curve in curves.groupby("session", sort=False):
            ax.plot(curve["position"], curve["curve"], color=LIGHT.quiet, linewidth=1, alpha=0.7, label=name)
    else:
        labels = table.loc[table["client"], "label"].to_numpy()
        for label in LABELS:
            said = curves[labels == label]
            ax.scatter(
                said["position"],
                said["score"],
                s=24,
                marker=MARKERS[label],
                color=_COLOURS[label],
                label=label,
                zorder=3,
            )
        ax.fill_between(
            curves["position"], curves["lower"], curves["upper"], color=LIGHT.edge, alpha=0.22, linewidth=0
        )
        ax.plot(curves["position"], curves["curve"], color=LIGHT.ink, linewidth=2, zorder=2)
        # Outside, where it can hide no utterance.
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0.2)
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-1.05, 1.05),
        yticks=(-1, -0.5, 0, 0.5, 1),
        xlabel="position in the session",
        ylabel="score (\N{MINUS SIGN}1 sustain, +1 change)",
    )
    _bare(ax)
    return ax


def transitions(labelled: Any, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw which talk follows what, as a table of shares shaded by size.

    Parameters
    ----------
    labelled, ax
        As for `trajectory`.
    **options
        As for `changetalk.transitions`: given, target, lag, ...; but not ``by_session``: call
        this on the sessions one by one.

    Returns
    -------
    matplotlib.axes.Axes
        A row a value that came first, a column a value that came after. In each cell the share
        of the row, and the count; an asterisk where the adjusted residual is beyond 1.96 and 5 or
        more are expected.

    Raises
    ------
    TypeError
        If ``by_session`` is given.
    MissingPackageError
        Without matplotlib. Else as for `changetalk.transitions`.
    """
    if "by_session" in options:
        raise TypeError("by_session: one table is drawn; call this on the sessions one by one")
    ax = _axes(ax)
    frame = _transitions(labelled, **options)
    given, target = (list(dict.fromkeys(frame[name])) for name in ("given", "target"))
    shares = frame["probability"].to_numpy().reshape(len(given), len(target))
    ax.imshow(shares, cmap=_shades(), vmin=0, vmax=1, aspect="auto")
    for k, row in enumerate(frame.to_dict("records")):
        share = row["probability"]
        words = number(share) if share != share else f"{share:.0%}{'*' if beyond_chance(row) else ''}"
        ax.text(
            k % len(target),
            k // len(target),
            f"{words}\n({row['count']})",
            ha="center",
            va="center",
            color=LIGHT.paper if share > 0.6 else LIGHT.ink,
        )
    ax.set_xticks(range(len(target)), labels=target)
    ax.set_yticks(range(len(given)), labels=given)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="what comes after", ylabel="what came first")
    return ax


def sessions(summary: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of each label in each session, with its percent change talk.

    Parameters
    ----------
    summary : pandas.DataFrame, n rows
        What `changetalk.summarise` gives, in the order in which to draw it from top to bottom:
        ``summary.sort_values("pct_change_talk")``, say.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        A bar a session; %CT stands to its right, a dash where it is not defined.

    Raises
    ------
    ColumnError, InputError
        If the table is not one of `changetalk.summarise`, or is empty.
    MissingPackageError
        Without matplotlib.
    """
    rates = [f"{label}_per_100" for label in LABELS]
    missing = {"session", "pct_change_talk", *rates} - set(summary.columns)
    if missing:
        raise ColumnError(
            f"summary: there is no column {min(missing)!r}; give what changetalk.summarise returns"
        )
    if summary.empty:
        raise InputError("summary: holds no session; there is nothing to draw")
    ax = _axes(ax)
    places = range(len(summary))
    left = pd.Series(0.0, index=summary.index)
    for label, rate in zip(LABELS, rates, strict=True):
        width = summary[rate].fillna(0)
        ax.barh(
            places,
            width,
            left=left,
            height=0.7,
            color=_COLOURS[label],
            hatch=_HATCHES[label],
            edgecolor=LIGHT.paper,
            linewidth=0,
            label=label,
        )
        left += width
    for place, share in zip(places, summary["pct_change_talk"], strict=True):
        ax.text(102, place, number(share, 0), va="center")
    ax.text(102, -0.6, "%CT", va="bottom")
    ax.set_yticks(places, labels=summary["session"])
    ax.set(xlim=(0, 100), ylim=(len(summary) - 0.5, -0.5), xlabel="share of client utterances, %")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0.2)
    _bare(ax)
    return ax


def _axes(ax: Axes | None) -> Axes:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingPackageError(
            'figures need the package matplotlib; type: pip install "changetalk[plot]"'
        ) from error
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def _shades() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("share", [LIGHT.paper, LIGHT.change])


def _bare(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
