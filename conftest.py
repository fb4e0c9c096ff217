"""Which modules are not looked through for doctests where they cannot be imported."""

from importlib.util import find_spec

_TRAINING_THE_ENCODER = ("encoder", "finetune", "mpnet", "out_of_fold", "quantise")

collect_ignore = [
    f"src/changetalk/training/{name}.py" for name in _TRAINING_THE_ENCODER if find_spec("torch") is None
]
