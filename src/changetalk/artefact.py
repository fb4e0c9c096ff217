"""The model folder on disk: written whole, verified before anything of it is used.

A folder holds ``manifest.json``, the weights' files it lists (npz arrays and JSON: numbers and
words, never code), ``golden.json`` (utterances with the probabilities they must get) and a card,
``README.md``. See docs/model-folder.md for every field and for when `FORMAT` is raised.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from changetalk import text
from changetalk.decision import Decision
from changetalk.errors import ModelError, OutputError
from changetalk.files import sha256
from changetalk.labels import LABELS

#: Raised when an older reader would misread the folder; older formats stay readable.
FORMAT: Final = 1

MANIFEST: Final = "manifest.json"
GOLDEN: Final = "golden.json"
CARD: Final = "README.md"

_MAX_ARRAY_BYTES: Final = 2**30
_NAME: Final = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself.

    Attributes
    ----------
    name, version : str
        Of the model; together with `weights` they are what a paper cites.
    kind : str
        Which scorer reads the weights, such as ``"linear"``.
    decision : Decision
        Calibration and decision rule.
    config : dict
        The scorer's settings.
    training : dict
        Data (names, hashes, rows) and recipe.
    scores : dict
        Measured scores, from the results files.
    libraries : dict
        Versions of the libraries it was trained with.
    files : dict
        SHA-256 by file name, of all but the manifest and the card.
    """

    name: str
    version: str
    kind: str
    decision: Decision
    config: Mapping[str, Any]
    training: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def weights(self) -> str:
        """First 8 hexadecimal digits of a hash over weights, calibration and decision rule."""
        parts = [f"{name}:{digest}" for name, digest in sorted(self.files.items()) if name != GOLDEN]
        parts.append(json.dumps(self.decision.to_json(), sort_keys=True))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]

    @property
    def tag(self) -> str:
        """Name, version and weights hash in one string: ``"linear 1.0.0 (0f3a9c21)"``."""
        return f"{self.name} {self.version} ({self.weights})"

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as it stands on disk, with the hash over itself."""
        body: dict[str, Any] = {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "kind": self.kind,
            "labels": list(LABELS),
            "normaliser": text.VERSION,
            "calibration": self.decision.to_json(),
            "config": dict(self.config),
            "training": dict(self.training),
            "scores": dict(self.scores),
            "libraries": dict(self.libraries),
            "files": dict(self.files),
        }
        return {**body, "sha256": _digest(body)}


def write_folder(
    folder: Path,
    manifest: Manifest,
    save: Callable[[Path], list[str]],
    golden: list[dict[str, Any]],
    card: str,
) -> None:
    """Write a model folder, whole or not at all.

    Parameters
    ----------
    folder : Path
        Where it is to stand. An older model folder there is replaced; any other folder with
        something in it is left alone and is an error.
    manifest : Manifest
        Its `files` are filled in here.
    save : callable
        Writes the weights into the folder it is given and returns the names of the files.
    golden : list of dict
        Inputs with the probabilities expected of them.
    card : str
        The model card, Markdown.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; give the name of a folder to write the model into")
    if folder.is_dir():
        _refuse_foreign(folder)
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".changetalk-", dir=folder.parent))
        names = save(temporary)
        _write_json(temporary / GOLDEN, golden)
        files = {name: sha256(temporary / name) for name in sorted([*names, GOLDEN])}
        complete = Manifest(**{**_fields(manifest), "files": files})
        _write_json(temporary / MANIFEST, complete.to_json())
        (temporary / CARD).write_text(card, encoding="utf-8")
        if folder.is_dir():
            _exchange(folder, temporary)
        else:
            temporary.replace(folder)
        temporary = None
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{folder}: the model cannot be written ({reason}); nothing was left behind"
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    """Raise `OutputError` where replacing a folder would delete anything but an older model."""
    names = {path.name for path in folder.iterdir()}
    if not names:
        return
    try:
        raw = read_json(folder / MANIFEST)
        # Other programs' folders have a manifest.json too.
        listed = set(raw["files"]) if {"format", "kind", "normaliser"} <= set(raw) else None
    except (ModelError, TypeError, KeyError):
        listed = None
    if listed is None:
        raise OutputError(f"{folder}: is not empty and not a model folder; give a new folder's name")
    foreign = sorted(names - {*listed, MANIFEST, CARD})
    if foreign:
        raise OutputError(f"{folder}: holds {foreign[0]!r} beside the old model; move it elsewhere first")


def _exchange(folder: Path, new: Path) -> None:
    """Put a new folder in an old one's place; where that fails, the old one stays."""
    old = Path(tempfile.mkdtemp(prefix=".changetalk-old-", dir=folder.parent))
    try:
        folder.replace(old)
        try:
            new.replace(folder)
        except BaseException:
            old.replace(folder)
            raise
    except BaseException:
        with contextlib.suppress(OSError):
            old.rmdir()  # if it is empty
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_folder(folder: Path) -> Manifest:
    """Read and verify a model folder: version, labels, every file's hash, nothing unlisted.

    Raises
    ------
    ModelError
        If anything is missing, changed, unknown or does not belong there.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such model folder")
    raw = read_json(folder / MANIFEST)
    if not isinstance(raw, dict) or type(raw.get("format")) is not int:
        raise ModelError(f"{folder}: {MANIFEST} is not a changetalk manifest")
    if raw["format"] != FORMAT:
        hint = "upgrade changetalk" if raw["format"] > FORMAT else "export the model again"
        raise ModelError(
            f"{folder}: the folder has format {raw['format']}, this changetalk reads {FORMAT}; {hint}"
        )
    claimed = raw.pop("sha256", None)
    if claimed != _digest(raw):
        raise ModelError(f"{folder}: {MANIFEST} was changed after it was written; get the model again")
    manifest = _parse(folder, raw)
    unlisted = {p.name for p in folder.iterdir() if not p.name.startswith(".")} - {
        *manifest.files,
        MANIFEST,
        CARD,
    }
    if unlisted:
        raise ModelError(
            f"{folder}: holds {sorted(unlisted)[0]!r}, which its manifest does not list; remove it"
        )
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{folder}: {name} is missing; get the model again")
        if sha256(path) != digest:
            raise ModelError(
                f"{folder}: {name} is damaged or was changed (its hash differs); get the model again"
            )
    return manifest


def read_json(path: Path) -> Any:
    """Read a JSON file of a model folder; raises `ModelError` naming it where that fails."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent}: {path.name} is missing; this is not a whole model folder") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: is not readable JSON ({type(error).__name__})") from None


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read an npz file of numeric arrays; never unpickles.

    Raises
    ------
    ModelError
        If it is no npz file, is truncated, holds anything but arrays of finite numbers, or
        would unpack to more than 1 GiB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MAX_ARRAY_BYTES:
                raise ModelError(f"{path}: its arrays would take more than 1 GiB; refused")
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except ModelError:
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            raise ModelError(f"{path}: holds pickled objects, which could run code; refused") from None
        raise ModelError(f"{path}: is not a readable npz file ({type(error).__name__})") from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            raise ModelError(f"{path}: {name} is not an array of numbers; refused")
        if not np.isfinite(array).all():
            raise ModelError(f"{path}: {name} holds values that are not finite numbers")
    return arrays


def _parse(folder: Path, raw: dict[str, Any]) -> Manifest:
    if raw.get("labels") != list(LABELS):
        raise ModelError(f"{folder}: the model's labels are {raw.get('labels')!r}, not {list(LABELS)}")
    if raw.get("normaliser") != text.VERSION:
        raise ModelError(
            f"{folder}: the model needs version {raw.get('normaliser')!r} of the text normaliser, "
            f"this changetalk has {text.VERSION}; install the changetalk it was made with or train it again"
        )
    shapes: dict[str, type] = {
        "name": str, "version": str, "kind": str, "calibration": dict, "config": dict,
        "training": dict, "scores": dict, "libraries": dict, "files": dict,
    }  # fmt: skip
    for key, shape in shapes.items():
        if not isinstance(raw.get(key), shape):
            raise ModelError(f"{folder}: {MANIFEST} has no proper {key!r}")
    for name in raw["files"]:
        if not _NAME.fullmatch(name) or name in (MANIFEST, CARD):
            raise ModelError(f"{folder}: {MANIFEST} lists the file {name!r}, which no model folder may hold")
    if GOLDEN not in raw["files"]:
        raise ModelError(f"{folder}: {MANIFEST} lists no {GOLDEN}")
    rest = {key: raw[key] for key in shapes if key != "calibration"}
    try:
        return Manifest(decision=Decision.from_json(raw["calibration"]), **rest)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from None


def _fields(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
