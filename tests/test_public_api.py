"""The public names, what importing them costs, and what the sources may never do."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import changetalk as ct

SOURCES = Path(ct.__file__).parent
HEAVY = (
    "numpy",
    "pandas",
    "sklearn",
    "scipy",
    "pyarrow",
    "polars",
    "narwhals",
    "onnxruntime",
    "joblib",
    "tqdm",
)
FOR_TRAINING_THE_ENCODER = ("torch", "onnx", "safetensors")


def imported_after(code: str, *arguments: str) -> set[str]:
    """Run code in a fresh Python and return which of the heavy libraries it imported."""
    report = f"\nimport sys\nprint('|' + ' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code + report, *arguments],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SOURCES.parent), "PATH": ""},
    )  # fmt: skip
    return set(done.stdout.rsplit("|", 1)[1].split())


def test_every_public_name_is_there_and_nothing_else_is_promised():
    assert ct.__all__ == sorted(ct.__all__, key=lambda name: (not name.isupper(), name))
    assert set(ct._HOMES) == set(ct.__all__)
    for name in ct.__all__:
        value = getattr(ct, name)
        assert name in dir(ct)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, f"{name} has no documentation"
            assert value.__name__ == name
            assert value.__module__ == ct._HOMES[name]


def test_the_type_checker_is_told_the_same_names():
    tree = ast.parse((SOURCES / "__init__.py").read_text())
    named = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert named >= set(ct.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lable'"):
        ct.lable  # noqa: B018


def test_star_import_gives_the_public_names():
    names: dict[str, object] = {}
    exec("from changetalk import *", names)
    assert set(ct.__all__) <= set(names)


def test_importing_costs_nothing():
    assert imported_after("import changetalk") == set()


def test_asking_for_the_version_costs_nothing():
    code = (
        "from changetalk.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit as done: assert not done.code"
    )
    assert imported_after(code) == set()


def test_labelling_needs_numpy_alone(tiny_folder):
    code = (
        "import sys, changetalk as ct\n"
        "model = ct.load(sys.argv[1])\n"
        "assert model.label('I want to stop.').label\n"
        "assert model.label([('Yes.', 'Do you want to?')])\n"
        "model.explain('I want to stop.')\n"
        "talk = ct.Transcript([ct.Utterance('Hm?', 'T'), ct.Utterance('No.', 'C')], 'C')\n"
        "assert model.label(talk)[1].prediction\n"
        "list(model.pipe(['a']))"
    )
    assert imported_after(code, str(tiny_folder)) == {"numpy"}


def test_labelling_a_table_needs_no_training_library(tiny_folder):
    code = (
        "import sys, changetalk as ct, polars\n"
        "frame = polars.DataFrame({'speaker': ['client'], 'text': ['I want to stop.']})\n"
        "ct.load(sys.argv[1]).label_frame(frame)"
    )
    assert not imported_after(code, str(tiny_folder)) & {"sklearn", "scipy", "joblib", "pandas"}


def test_labelling_a_file_needs_no_training_library(tiny_folder, tmp_path):
    (tmp_path / "in.csv").write_text("speaker,text\nclient,I want to stop.\n")
    code = "import sys, changetalk as ct\nct.label_file(*sys.argv[1:3], model=sys.argv[3])"
    found = imported_after(code, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), str(tiny_folder))
    assert not found & {"sklearn", "scipy", "joblib", "pandas", "pyarrow", "polars"}
    assert (tmp_path / "out.csv").exists()


FILES = sorted(SOURCES.rglob("*.py"))
BANNED_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve"}
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}


def offences(tree: ast.AST) -> list[str]:
    """Name what in a source could run code that came as data, or call a shell."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in BANNED_MODULES]
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")[0]
            names = {a.name for a in node.names}
            if module in BANNED_MODULES or (module == "joblib" and names & {"load", "dump"}):
                found.append(f"from {node.module}")
        elif isinstance(node, ast.Call):
            found += _calls(node)
    return found


def _calls(node: ast.Call) -> list[str]:
    name = ast.unparse(node.func)
    said = {k.arg: getattr(k.value, "value", "a variable") for k in node.keywords}
    bad = (
        name in BANNED_CALLS,
        name in {"joblib.load", "joblib.dump", "os.system", "yaml.load"},
        name.endswith(("read_pickle", "to_pickle")),
        name in {"np.load", "numpy.load"} and said.get("allow_pickle") is not False,
        said.get("allow_pickle", False) is not False,
        said.get("shell", False) is not False,
    )
    return [name] if any(bad) else []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCES)))
def test_no_source_runs_code_that_comes_as_data(path):
    assert offences(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from pickle import loads", "joblib.load(f)", "from joblib import load",
        "np.load(f)", "np.load(f, allow_pickle=True)", "eval('1')", "exec(s)", "pd.read_pickle(f)",
        "subprocess.run(s, shell=True)", "import marshal", "np.load(f, allow_pickle=flag)",
    ],
)  # fmt: skip
def test_the_ban_finds_what_it_bans(code):
    assert offences(ast.parse(code))


LABELLING = [
    p
    for p in FILES
    if not {"training", "cli"} & set(p.relative_to(SOURCES).parts) and p.name != "__init__.py"
]


@pytest.mark.parametrize("path", LABELLING, ids=lambda p: str(p.relative_to(SOURCES)))
def test_nothing_on_the_labelling_path_imports_training(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    modules += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    assert not [m for m in modules if m.startswith("changetalk.training") or m.split(".")[0] == "sklearn"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCES)))
def test_every_module_can_be_imported_and_says_what_it_is_for(path):
    name = ".".join(["changetalk", *path.relative_to(SOURCES).with_suffix("").parts])
    if path.name == "__main__.py":
        pytest.skip("runs the command")
    try:
        module = importlib.import_module(name.removesuffix(".__init__"))
    except ModuleNotFoundError as error:
        if error.name not in FOR_TRAINING_THE_ENCODER:
            raise
        pytest.skip(f"needs {error.name}: pip install 'changetalk[encoder]'")
    assert module.__doc__
