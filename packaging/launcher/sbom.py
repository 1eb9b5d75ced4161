"""The bill of materials: every package and every model file that Techo brings, with version, licence and purpose.

    PYTHONPATH=packaging .venv/bin/python -m launcher.sbom            writes packaging/sbom.cdx.json
    PYTHONPATH=packaging .venv/bin/python -m launcher.sbom --texts F  the licence texts of what runs, in one file

CycloneDX 1.6, made from the lock files and from the metadata of the packages installed here; no network is asked. The
same lock gives the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "packaging" / "sbom.cdx.json"
PURPOSES: Final = {
    "core": "runs",
    "llama": "runs",
    "model": "brings the language model",
    "build": "compiles llama.cpp at set-up",
    "dev": "tests",
    "train": "trains",
}
"""What each lock file is for, in the order of importance: a package in several has the purpose of the first."""
_RUNS: Final = ("core", "llama", "model")

# Tools that set-up removes again after use, so that their metadata is not there to be read.
_NOT_INSTALLED: Final = {"scikit-build-core": "Apache-2.0", "cmake": "Apache-2.0", "ninja": "Apache-2.0"}
# What older metadata says, in SPDX's words (https://spdx.org/licenses).
_SPDX: Final = {
    "apache2.0": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "dual license": "Apache-2.0 OR BSD-3-Clause",
    "mit license": "MIT",
    "public domain": "LicenseRef-Public-Domain",
    "the unlicense (unlicense)": "Unlicense",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
# What no metadata says: the binding, SQLCipher, and OpenSSL, which is linked into it.
_UNSAID: Final = {"sqlcipher3": "Zlib AND BSD-3-Clause AND Apache-2.0"}
_PIN: Final = re.compile(r"([A-Za-z0-9._-]+)==(\S+)")
_MODELS: Final = {
    "resources/models/bit-ttt-smollm2-135m.gguf": "CC-BY-SA-4.0",
    "resources/memory/bit-ttt-smollm2-135m.safetensors": "CC-BY-SA-4.0",
    "resources/memory/japanese-grams.txt": "CC-BY-SA-4.0",
    "resources/memory/rereader/smollm2-135m-instruct.gguf": "CC-BY-SA-4.0",
    "resources/memory/rereader/smollm2-135m-instruct.safetensors": "CC-BY-SA-4.0",
    "resources/memory/smollm2-135m-instruct.safetensors": "CC-BY-SA-4.0",
}


class Unknown(Exception):
    """A package whose licence nobody has written down."""


def pins(root: Path = ROOT) -> dict[str, tuple[str, str]]:
    """The locked packages by name -> version, and the lock file that it is in first."""
    found: dict[str, tuple[str, str]] = {}
    for lock in PURPOSES:
        for line in (root / "packaging" / "lock" / f"{lock}.txt").read_text("utf-8").splitlines():
            pin = _PIN.fullmatch(line.partition("#")[0].strip())
            if pin is not None:
                found.setdefault(pin[1].lower().replace("_", "-"), (pin[2], lock))
    return found


def licence(name: str) -> str:
    """An SPDX expression, from the metadata of the installed package.

    Raises:
        Unknown: It says nothing that can be understood.
    """
    if name in _NOT_INSTALLED:
        return _NOT_INSTALLED[name]
    if name in _UNSAID:
        return _UNSAID[name]
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise Unknown(f"{name} is not installed here: run ./techo test, or write its licence down.") from None
    if "License-Expression" in about:
        return about["License-Expression"]
    said: str = about["License"].strip() if "License" in about else ""
    classified = [
        classifier.rpartition(" :: ")[2]
        for classifier in about.get_all("Classifier") or []
        if classifier.startswith("License ::")
    ]
    for words in (said, *classified):
        if words.lower() in _SPDX:
            return _SPDX[words.lower()]
        if re.fullmatch(r"[A-Za-z0-9.+-]+( (OR|AND|WITH) [A-Za-z0-9.+-]+)*", words):
            return str(words)
    raise Unknown(f"{name} says of its licence: {said[:80]!r}, {classified}.")


def make(root: Path = ROOT) -> dict[str, Any]:
    """The bill of materials."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    packages = [_package(name, version, lock) for name, (version, lock) in sorted(pins(root).items())]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "techo",
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"expression": project["license"]}],
            }
        },
        "components": packages + [_model(root, path, spdx) for path, spdx in sorted(_MODELS.items())],
        "dependencies": [
            {
                "ref": "techo",
                "dependsOn": [one["bom-ref"] for one in packages if one["scope"] == "required"],
            }
        ],
    }


def _package(name: str, version: str, lock: str) -> dict[str, Any]:
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "scope": "required" if lock in _RUNS else "excluded",
        "licenses": [{"expression": licence(name)}],
        "purl": address,
        "properties": [{"name": "techo:lock", "value": lock}, {"name": "techo:purpose", "value": PURPOSES[lock]}],
    }


def _model(root: Path, path: str, spdx: str) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": path,
        "name": Path(path).name,
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256((root / path).read_bytes()).hexdigest()}],
        "licenses": [{"expression": spdx}],
    }


def text(bill: dict[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def licence_texts(root: Path = ROOT) -> Iterator[str]:
    """The licence files of what runs, package by package, as their licences demand of who passes them on."""
    for name, (version, lock) in sorted(pins(root).items()):
        if lock not in _RUNS:
            continue
        yield f"{'=' * 100}\n{name} {version}: {licence(name)}\n"
        files = metadata.files(name) or []
        for file in sorted(files, key=str):
            if ".dist-info" in str(file.parent) and re.search(r"licen[cs]e|copying|notice", str(file), re.IGNORECASE):
                yield f"{'-' * 100}\n{Path(str(file)).name}\n\n{file.read_text(encoding='utf-8')}\n"


def main() -> int:
    """Writes the file, or the texts."""
    parser = argparse.ArgumentParser(prog="python -m launcher.sbom", description=__doc__.partition("\n")[0])
    parser.add_argument("--texts", type=Path, metavar="FILE", help="write the licence texts of what runs instead")
    options = parser.parse_args()
    try:
        if options.texts is not None:
            options.texts.write_text("".join(licence_texts()), encoding="utf-8")
        else:
            FILE.write_text(text(make()), encoding="utf-8")
    except Unknown as unknown:
        print(f"sbom: {unknown}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
