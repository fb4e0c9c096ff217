"""Valid findings from many machine labels and few human ones.

`draw` picks utterances at random for coding by hand and `plan` says how many; `estimate` corrects
the shares of change, neutral and sustain talk by them, and `regress` the relation of a session's
talk to an outcome.
"""

from changetalk.estimation.design import Plan, draw, plan
from changetalk.estimation.estimates import estimate
from changetalk.estimation.regression import Regression, regress
from changetalk.estimation.result import Difference, Estimates, Figure

__all__ = ["Difference", "Estimates", "Figure", "Plan", "Regression", "draw", "estimate", "plan", "regress"]
