"""What the tests share: sentences of our own, and a model so small that every run can train it."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

import changetalk as ct
from changetalk.loading import shipped
from changetalk.training.datasets import ANNOMI_HELP, annomi_folder

# Machines that run tests are shared: how long an example takes says nothing about the code.
settings.register_profile("changetalk", deadline=None, max_examples=60)
settings.load_profile("changetalk")

CHANGE = (
    "I really want to stop smoking for my kids.", "I need to cut down, it's ruining my sleep.",
    "I think I could try going for a walk each day.", "I'm going to call the clinic on Monday.",
    "I can't go on living like this.", "I already threw away the last bottle.",
    "I want my life back, so I have to stop.", "I could leave the cards at home, that would help me.",
    "I'm ready to try it without the pills.", "I have to quit before it kills me.",
    "I would like to be able to run again.", "I stopped twice last week, and I want to keep going.",
    "I need to change how I eat.", "I will try to drink only at weekends.",
    "I want to be there when she graduates.", "I know I have to do something about it.",
    "I could ask my sister to help me stop.", "I'm going to try the lift tomorrow.",
    "I want to stop, I really do.", "I need my health more than I need this.",
)  # fmt: skip
SUSTAIN = (
    "I like smoking, it's the only thing that calms me.", "I don't think I drink too much.",
    "There's no way I could stop now, not with this job.", "It helps me sleep, so why should I stop?",
    "I've tried before and it never works.", "I don't see the problem with a few beers.",
    "I can't stop, everyone around me smokes.", "I enjoy it and I'm not going to stop.",
    "I'm not ready to give it up.", "I don't want to change anything about it.",
    "It never works, I've tried everything.", "I can't imagine an evening without a drink.",
    "I like it the way it is.", "I don't need help, it's not a problem.",
    "Going out only makes it worse, so I stay in.", "I don't think I could do that.",
    "It's the only thing I enjoy.", "I'm not going to give up my friends for it.",
    "I can't be bothered with walking.", "No way I'm taking that lift.",
)  # fmt: skip
NEUTRAL = (
    "We moved here in the spring.", "My sister lives near the station.", "It was on a Monday, I think.",
    "He's the doctor who sent me here.", "Yes, about two years ago.", "I work at the bakery in town.",
    "What do you mean by that?", "Okay.", "There were four of us in the car.", "She told me about the form.",
    "I got here by bus.", "That was last year, in the summer.", "Two, a boy and a girl.",
    "Is that the form you need?", "I don't remember what it was called.", "The appointment was at ten.",
    "My brother has the same car.", "Right, the one near the station.", "It was raining on Monday.",
    "They asked me the same thing last year.",
)  # fmt: skip
ASKED = (
    "What would you like to be different?", "How was your week?", "What makes you say that?",
    "So part of you would rather keep things as they are.", "Mm-hmm.", "And you came by bus?",
)  # fmt: skip

_LABEL = {"change": CHANGE, "sustain": SUSTAIN, "neutral": NEUTRAL}


def coded_talk() -> pd.DataFrame:
    """Return 60 coded client utterances in six sessions of ten, with what was said before them."""
    rows = [
        {"text": text, "label": label, "k": k}
        for label, texts in _LABEL.items()
        for k, text in enumerate(texts)
    ]
    talk = pd.DataFrame(rows).sort_values(["k", "label"], kind="stable").reset_index(drop=True)
    talk["session"] = [f"s{k // 3 % 6}" for k in range(len(talk))]
    talk["before"] = [ASKED[(k // 6) % len(ASKED)] for k in range(len(talk))]
    talk["said"] = ""
    talk["target"] = "a change of habits"
    talk["position"] = [(k // 6) / 9 for k in range(len(talk))]
    return talk.drop(columns="k")


def sessions_table(n: int = 6) -> pd.DataFrame:
    """Return a table of whole sessions, therapist and client in turn."""
    talk = coded_talk()
    rows = []
    for session in list(dict.fromkeys(talk["session"]))[:n]:
        for said in talk[talk["session"] == session].itertuples():
            rows.append({"session": session, "speaker": "therapist", "text": said.before})
            rows.append({"session": session, "speaker": "client", "text": said.text})
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def talk() -> pd.DataFrame:
    """Coded client utterances with their context; a copy is needed before it is changed."""
    return coded_talk()


@pytest.fixture
def table() -> pd.DataFrame:
    """Six sessions, a row an utterance."""
    return sessions_table()


@functools.cache
def _fitted() -> ct.ChangeTalkClassifier:
    talk = coded_talk()
    return ct.ChangeTalkClassifier(cv=3).fit(talk, talk["label"], groups=talk["session"])


@pytest.fixture(scope="session")
def tiny_classifier() -> ct.ChangeTalkClassifier:
    """A fitted classifier; must not be fitted again."""
    return _fitted()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: ct.ChangeTalkClassifier) -> Path:
    """The folder of the tiny model; must be copied before it is changed."""
    return tiny_classifier.export(tmp_path_factory.mktemp("models") / "tiny", version="1.2.3")


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Path) -> ct.Model:
    """The tiny model, loaded from its folder."""
    return ct.load(tiny_folder)


@pytest.fixture(scope="session")
def encoders() -> ModuleType:
    """The module of tiny encoders beside this file."""
    pytest.importorskip("onnx", reason="needs onnx: pip install 'changetalk[encoder]'")
    path = Path(__file__).with_name("encoders.py")
    spec = importlib.util.spec_from_file_location("encoders", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def some_texts() -> list[str]:
    """Sentences that the tiny model was not trained on, and texts of odd shapes."""
    return [
        "I want to stop drinking.", "It's the only thing that helps.", "On Monday we took the bus.",
        "okay", "?", "", "[inaudible]", "I don't know, maybe I could try?", "\U0001f642\U0001f3fd",
        "\u05d0\u05e0\u05d9 \u05e8\u05d5\u05e6\u05d4 \u05dc\u05d4\u05e4\u05e1\u05d9\u05e7",
        "word " * 3000, "I want\x00 to stop",
    ]  # fmt: skip


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded random generator."""
    return np.random.default_rng(20240613)


def pytest_configure(config: pytest.Config) -> None:
    """Declare a marker that is needed only while models/linear may be absent."""
    config.addinivalue_line("markers", "shipped: needs the shipped models")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs data or models that are not here, saying so; leave slow tests to -m slow."""
    if "slow" not in (config.option.markexpr or ""):
        slow = [item for item in items if item.get_closest_marker("slow")]
        if slow:
            config.hook.pytest_deselected(items=slow)
            items[:] = [item for item in items if item not in slow]
    no_annomi = annomi_folder() is None
    no_model = "linear" not in shipped()
    for item in items:
        if no_annomi and item.get_closest_marker("annomi"):
            item.add_marker(pytest.mark.skip(reason=ANNOMI_HELP))
        if no_model and (item.get_closest_marker("shipped") or _uses_shipped(item)):
            item.add_marker(pytest.mark.skip(reason="models/linear does not exist yet"))


def _uses_shipped(item: pytest.Item) -> bool:
    test = getattr(item, "dtest", None)
    return test is not None and any("ct.label(" in e.source or "ct.load()" in e.source for e in test.examples)
