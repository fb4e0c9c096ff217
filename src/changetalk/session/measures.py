"""One row a session: the measures that motivational-interviewing research reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from changetalk.errors import InputError
from changetalk.labelled import as_labelled
from changetalk.labels import CHANGE, FOLLOW_NEUTRAL, LABELS, MISC_CODES, SUSTAIN
from changetalk.session.miti import miti
from changetalk.session.talk import (
    FloatArray,
    expected_scores,
    hard_scores,
    longest_run,
    part_numbers,
    positions,
    turn_numbers,
)
from changetalk.text import normalise

_SIGNS: Final = {"+": "plus", "-": "minus"}
_CODE_COLUMNS: Final = {
    **{f"{code}{sign}": f"misc_{code}_{word}" for code in MISC_CODES for sign, word in _SIGNS.items()},
    FOLLOW_NEUTRAL: f"misc_{FOLLOW_NEUTRAL}",
}

#: What each column of `summarise` holds, in their order. The score of an utterance is +1 for
#: change talk, 0 for neutral and -1 for sustain talk; its expected score is P(change) - P(sustain).
#: Position runs over a session's labelled client utterances, from 0, the first, to 1, the last.
MEASURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "session": "the session's name",
        "n_client": "labelled client utterances",
        "words": "words in them; missing where the table has no text",
        "minutes": "from the first to the last time in the session; missing without times",
        **{f"n_{label}": f"client utterances labelled {label}" for label in LABELS},
        **{
            f"expected_{label}": f"expected number of {label} utterances: the sum of their probabilities"
            for label in LABELS
        },
        **{f"{label}_per_100": f"{label} utterances per 100 client utterances" for label in LABELS},
        **{f"{label}_per_10_min": f"{label} utterances per 10 minutes of the session" for label in LABELS},
        "pct_change_talk": "%CT, 100 change / (change + sustain); missing where there is neither",
        "pct_change_talk_expected": "the same of the expected numbers",
        "mean_score": "mean score, from -1 to 1",
        "slope": "least-squares slope of the score over position: its change from first to last utterance",
        "slope_expected": "the same of the expected score",
        **{f"third_{k}": f"mean score in third {k} of the session, by position" for k in range(1, 4)},
        **{
            f"decile_{k}": f"mean score in tenth {k} of the session; missing where nothing falls into it"
            for k in range(1, 10)
        },
        "decile_10": "mean score in the final tenth of the session, positions 0.9 to 1",
        "final_decile_expected": "mean expected score in the final tenth",
        "first_change": "position of the first change talk; missing where there is none",
        "last_change": "position of the last change talk; missing where there is none",
        **{
            f"longest_{label}": f"longest run of {label} utterances, therapist turns skipped"
            for label in LABELS
        },
        "client_turns": "turns of the client: rows of one speaker in a row",
        "mixed_turns": "client turns that hold both change and sustain talk, by labels or by codes",
        **{
            name: f"times the MISC code {code} was given; missing in sessions without codes"
            for code, name in _CODE_COLUMNS.items()
        },
        "n_reflections": "the therapist's reflections, simple and complex; missing without behaviours",
        "n_questions": "the therapist's questions",
        "pct_complex_reflections": "MITI %CR, 100 CR / (SR + CR); missing where codes do not tell them apart",
        "reflections_per_question": "MITI R:Q, (SR + CR) / Q; missing without questions",
        "model": "which model gave the labels; missing where people did",
    }
)


def summarise(
    labelled: Any,
    *,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the measures of each session.

    Counts are of the labels. What is called expected comes from the probabilities: it uses what
    the model says of every utterance, also of those it is unsure of. Neither corrects for the
    model's errors; that needs some sessions coded by hand.

    Parameters
    ----------
    labelled, label, session, speaker, text, client
        As for `changetalk.labelled.as_labelled`.

    Returns
    -------
    pandas.DataFrame, a row a session
        In order of first appearance, columns as `MEASURES` says. Those of MISC codes are there
        where any row has a code, those of MITI where any row has a behaviour. What is not defined
        is missing (NaN), never 0; so is an expected measure of a session in which an utterance
        lacks its probabilities.

    Raises
    ------
    ColumnError, ClientError, InputError, TypeError
        As for `changetalk.labelled.as_labelled`.

    Notes
    -----
    %CT, counts and MISC codes: MISC 2.5 (Houck, Moyers, Miller, Glynn & Hallgren 2010). Slope and
    deciles: after Amrhein, Miller, Yahne, Palmer & Fulcher (2003), who found that the slope over
    the session and its last part predicted outcome and the mean did not. They rated the strength
    of commitment; here every utterance counts +1, 0 or -1. MITI: 4.2.1 (Moyers, Manuel & Ernst
    2014). A turn is mixed when its utterances hold both valences, or one utterance's codes do.

    Examples
    --------
    >>> import pandas as pd
    >>> talk = pd.DataFrame({"session": "s1", "ct_label": ["sustain", "neutral", "change", "change"]})
    >>> summarise(talk)[["n_client", "n_change", "slope"]].round(2).values.tolist()
    [[4.0, 2.0, 2.1]]
    """
    table = as_labelled(labelled, label=label, session=session, speaker=speaker, text=text, client=client)
    rows = [_one(str(name), part) for name, part in table.groupby("session", sort=False)]
    frame = pd.DataFrame(rows, columns=list(MEASURES))
    unused: list[str] = []
    if table["codes"].isna().all():
        unused += _CODE_COLUMNS.values()
    if table["behaviour"].isna().all():
        unused += miti(())
    return frame.drop(columns=unused)


def parts(
    labelled: Any,
    n: int = 10,
    *,
    label: str | None = None,
    session: str | None = None,
    speaker: str | None = None,
    text: str | None = None,
    client: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the mean score in each of n equal parts of each session, for growth models and plots.

    Parameters
    ----------
    labelled, label, session, speaker, text, client
        As for `changetalk.labelled.as_labelled`.
    n : int, default 10
        How many parts. Part k holds the positions from (k - 1) / n to k / n; see `MEASURES` for
        what a position is.

    Returns
    -------
    pandas.DataFrame, n rows a session
        ``session``; ``part``, from 1; ``n_client``, utterances in it; ``score``, their mean score,
        and ``score_expected``; both NaN in a part without utterances.

    Raises
    ------
    InputError
        If `n` is less than 1; and as for `changetalk.labelled.as_labelled`.
    """
    if n < 1:
        raise InputError(f"n: a session has 1 part or more, not {n}")
    table = as_labelled(labelled, label=label, session=session, speaker=speaker, text=text, client=client)
    frames = []
    for name, rows in table.groupby("session", sort=False):
        said = rows[rows["client"]]
        number = part_numbers(len(said), n)
        frames.append(
            pd.DataFrame(
                {
                    "session": name,
                    "part": np.arange(1, n + 1),
                    "n_client": np.bincount(number, minlength=n),
                    "score": _part_means(hard_scores(said), n),
                    "score_expected": _part_means(expected_scores(said), n),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def slope(scores: FloatArray) -> float:
    """Return the least-squares slope over position, 0 to 1, of n scores; NaN for fewer than two."""
    if len(scores) < 2:
        return math.nan
    x = positions(len(scores)) - 0.5  # positions are symmetric about a half, their mean
    return float(x @ scores / (x @ x))


def _one(name: str, rows: pd.DataFrame) -> dict[str, object]:
    said = rows[rows["client"]]
    n = len(said)
    labels = said["label"].tolist()
    score, expected = hard_scores(said), expected_scores(said)
    counts = {label: labels.count(label) for label in LABELS}
    likely = {label: float(said[f"p_{label}"].sum(skipna=False)) if n else math.nan for label in LABELS}
    minutes = _minutes(rows)
    where = positions(n)[[label == CHANGE for label in labels]]
    texts = said["text"].tolist()
    deciles = _part_means(score, 10)
    models = ";".join(sorted({str(m) for m in said["model"] if m is not None}))
    return {
        "session": name,
        "n_client": n,
        "words": sum(map(_words, texts)) if any(texts) else math.nan,
        "minutes": minutes,
        **{f"n_{k}": count for k, count in counts.items()},
        **{f"expected_{k}": value for k, value in likely.items()},
        **{f"{k}_per_100": 100 * count / n if n else math.nan for k, count in counts.items()},
        **{f"{k}_per_10_min": 10 * count / minutes for k, count in counts.items()},
        "pct_change_talk": _percent(counts[CHANGE], counts[SUSTAIN]),
        "pct_change_talk_expected": _percent(likely[CHANGE], likely[SUSTAIN]),
        "mean_score": float(score.mean()) if n else math.nan,
        "slope": slope(score),
        "slope_expected": slope(expected),
        **{f"third_{k}": value for k, value in enumerate(_part_means(score, 3), 1)},
        **{f"decile_{k}": value for k, value in enumerate(deciles, 1)},
        "final_decile_expected": _part_means(expected, 10)[-1],
        "first_change": where[0] if len(where) else math.nan,
        "last_change": where[-1] if len(where) else math.nan,
        **{f"longest_{label}": longest_run(labels, label) for label in LABELS},
        **_turns(rows),
        **_codes(said),
        **miti(rows["behaviour"]),
        "model": models or None,
    }


def _percent(change: float, sustain: float) -> float:
    inclined = change + sustain
    return 100 * change / inclined if inclined else math.nan


def _words(text: str) -> int:
    """Count the words: what white space separates and holds a letter or digit, remarks left out."""
    return sum(any(map(str.isalnum, word)) for word in normalise(text).split())


def _minutes(rows: pd.DataFrame) -> float:
    times = rows[["start", "end"]].to_numpy(dtype=np.float64)
    known = times[~np.isnan(times)]
    span = float(known.max() - known.min()) / 60 if len(known) else 0.0
    return span or math.nan


def _part_means(scores: FloatArray, n: int) -> FloatArray:
    number = part_numbers(len(scores), n)
    with np.errstate(invalid="ignore"):  # 0 / 0 is nan: nothing was said in that part
        means: FloatArray = np.bincount(number, weights=scores, minlength=n) / np.bincount(
            number, minlength=n
        )
    return means


def _turns(rows: pd.DataFrame) -> dict[str, int]:
    held: dict[int, set[str]] = {}
    mine = rows["client"].to_numpy()
    said = rows[mine]
    for turn, label, codes in zip(turn_numbers(rows)[mine], said["label"], said["codes"], strict=True):
        valences = {"change": {"+"}, "sustain": {"-"}}.get(label, set())
        signs = {code[-1] for code in codes.split(";")} & set(_SIGNS) if codes is not None else set()
        held.setdefault(int(turn), set()).update(valences | signs)
    return {"client_turns": len(held), "mixed_turns": sum(signs == set(_SIGNS) for signs in held.values())}


def _codes(said: pd.DataFrame) -> dict[str, float]:
    given = [code for codes in said["codes"] if codes is not None for code in codes.split(";")]
    return {column: given.count(code) if given else math.nan for code, column in _CODE_COLUMNS.items()}
