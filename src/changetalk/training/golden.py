"""Utterances of our own whose probabilities are stored with every model and replayed later."""

from __future__ import annotations

from typing import Final

from changetalk.dialogue import Utterance

GOLDEN: Final[tuple[Utterance, ...]] = tuple(
    Utterance(text, before=before)
    for text, before in (
        ("I can't go on like this.", ""),
        ("It's the only thing that calms me.", ""),
        ("We moved here in the spring.", "How long have you lived there?"),
        ("Yeah.", "So you'd like to be there when your daughter graduates."),
        ("Yeah.", "So for now you'd rather keep things as they are."),
        ("Yeah.", "And you came by bus?"),
        ("I mean, I want to stop, but every time I try it gets worse.", "What would you like to do?"),
        ("No way I'm getting in that lift.", "Could you imagine taking the lift one floor?"),
        ("I'll call the clinic on Monday, I promise.", "What's the first step?"),
        ("I don't see the point of the tablets, they make me feel like a zombie.", "How are the tablets?"),
        ("I went swimming twice last week!", "How was your week?"),
        ("Um, I don't know.", "What makes this important to you?"),
        ("maybe i could try going without checking the door just once", "What might be a small step?"),
        ("[inaudible]", "Mm-hmm."),
        ("\U0001f642", "Shall we stop here for today?"),
        ("caf\u00e9 \u2014 it\u2019s where I smoke", "Where do you smoke?"),
    )
)
