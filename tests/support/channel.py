"""Small channels for tests: records as one line each, written as repodata.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["pkg", "pythons", "write_channel"]


def pkg(text: str, *depends: str, build: str = "0", number: int = 0, **more: Any) -> dict[str, Any]:
    """A record from `NAME VERSION`; `more` are further keys of repodata (`constrains=[…]`, `noarch="python"`)."""
    name, version = text.split()
    return {
        "name": name,
        "version": version,
        "build": build,
        "build_number": number,
        "depends": list(depends),
        **more,
    }


def pythons(*minors: str) -> list[dict[str, Any]]:
    """Python and python_abi as conda-forge pairs them, for each `X.Y`."""
    found = []
    for minor in minors:
        tag = f"cp{minor.replace('.', '')}"
        found.append(pkg(f"python {minor}.1", build=f"h0_0_{tag}"))
        found.append(pkg(f"python_abi {minor}", build=f"0_{tag}", constrains=[f"python {minor}.* *_{tag}"]))
    return found


def write_channel(
    folder: Path,
    subdirs: Mapping[str, Iterable[dict[str, Any]]],
    *,
    removed: Mapping[str, Iterable[str]] | None = None,
    run_exports: Mapping[str, Mapping[str, Mapping[str, list[str]]]] | None = None,
) -> Path:
    """A channel with these records by subdir; noarch is always there.

    `removed`: by subdir, file names that were taken back. `run_exports`: by subdir and file name, what CEP 12 keeps.
    """
    for subdir in {"noarch", *subdirs}:
        entries = {}
        for record in subdirs.get(subdir, ()):
            file_name = f"{record['name']}-{record['version']}-{record['build']}.conda"
            entries[file_name] = {"subdir": subdir, **record}
        data = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": entries,
            "removed": list((removed or {}).get(subdir, ())),
            "repodata_version": 1,
        }
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(data), encoding="utf-8")
        if run_exports and subdir in run_exports:
            exports = {name: {"run_exports": dict(kinds)} for name, kinds in run_exports[subdir].items()}
            text = json.dumps({"info": {"subdir": subdir, "version": 1}, "packages": {}, "packages.conda": exports})
            (folder / subdir / "run_exports.json").write_text(text, encoding="utf-8")
    return folder
