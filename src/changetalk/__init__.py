"""Label client talk in motivational interviewing: change talk, sustain talk or neutral.

>>> import changetalk as ct
>>> ct.label("I can't go on like this, I want to quit.").label
'change'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from changetalk.conformal import LabelSets, fit_label_sets
    from changetalk.convert import convert_file
    from changetalk.dialogue import Prediction, Transcript, Utterance
    from changetalk.errors import ChangetalkError
    from changetalk.estimation.design import draw, plan
    from changetalk.estimation.estimates import estimate
    from changetalk.estimation.regression import regress
    from changetalk.frames import client_talk
    from changetalk.labelled import as_labelled, read_labelled
    from changetalk.labels import LABELS
    from changetalk.loading import label, load
    from changetalk.model import Explanation, Model
    from changetalk.reliability.compare import agreement
    from changetalk.report.write import write_report
    from changetalk.session.measures import summarise
    from changetalk.session.trajectory import trajectory
    from changetalk.session.transitions import transitions
    from changetalk.tables import label_file, read
    from changetalk.training.estimator import ChangeTalkClassifier
    from changetalk.versions import show_versions


__version__ = "0.1.0"

# Public names are imported when first used: `import changetalk` and `changetalk --version` must
# not wait for scikit-learn or pandas.
_HOMES = {
    "ChangeTalkClassifier": "changetalk.training.estimator",
    "ChangetalkError": "changetalk.errors",
    "Explanation": "changetalk.model",
    "LABELS": "changetalk.labels",
    "LabelSets": "changetalk.conformal",
    "Model": "changetalk.model",
    "Prediction": "changetalk.dialogue",
    "Transcript": "changetalk.dialogue",
    "Utterance": "changetalk.dialogue",
    "agreement": "changetalk.reliability.compare",
    "as_labelled": "changetalk.labelled",
    "client_talk": "changetalk.frames",
    "convert_file": "changetalk.convert",
    "draw": "changetalk.estimation.design",
    "estimate": "changetalk.estimation.estimates",
    "fit_label_sets": "changetalk.conformal",
    "label": "changetalk.loading",
    "label_file": "changetalk.tables",
    "load": "changetalk.loading",
    "plan": "changetalk.estimation.design",
    "read": "changetalk.tables",
    "read_labelled": "changetalk.labelled",
    "regress": "changetalk.estimation.regression",
    "show_versions": "changetalk.versions",
    "summarise": "changetalk.session.measures",
    "trajectory": "changetalk.session.trajectory",
    "transitions": "changetalk.session.transitions",
    "write_report": "changetalk.report.write",
}

__all__ = [
    "LABELS",
    "ChangeTalkClassifier",
    "ChangetalkError",
    "Explanation",
    "LabelSets",
    "Model",
    "Prediction",
    "Transcript",
    "Utterance",
    "agreement",
    "as_labelled",
    "client_talk",
    "convert_file",
    "draw",
    "estimate",
    "fit_label_sets",
    "label",
    "label_file",
    "load",
    "plan",
    "read",
    "read_labelled",
    "regress",
    "show_versions",
    "summarise",
    "trajectory",
    "transitions",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'changetalk' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
