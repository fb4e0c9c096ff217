"""What was said in a session, in numbers: measures, trajectories, transitions."""

from changetalk.session.measures import MEASURES, parts, summarise
from changetalk.session.trajectory import trajectory
from changetalk.session.transitions import transition_statistics, transitions

__all__ = ["MEASURES", "parts", "summarise", "trajectory", "transition_statistics", "transitions"]
