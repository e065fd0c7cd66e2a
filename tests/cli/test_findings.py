"""What doctor makes of what it sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dirac_forge.cli.findings import (
    Answer,
    Check,
    Program,
    as_json,
    as_text,
    build_finding,
    cache_finding,
    disk_finding,
    exit_code,
    git_finding,
    late_finding,
    place_finding,
    python_finding,
    smithy_finding,
    token_finding,
)
from dirac_forge.http import NotFoundError, RefusedError, UnreachableError

ENGINE = {"py-rattler": "0.28.0"}


def test_python() -> None:
    assert python_finding((3, 13, 1), "/bin/python", ENGINE) == Check(
        name="python",
        status="ok",
        detail="3.13.1 (/bin/python), py-rattler 0.28.0",
        required=True,
    )
    old = python_finding((3, 10, 2), "/bin/python", ENGINE)
    assert (old.status, old.remedy, old.required) == ("missing", "use 3.11 or newer", True)
    broken = python_finding((3, 13, 1), "/bin/python", {**ENGINE, "py-rattler": None})
    assert (broken.status, broken.detail) == ("missing", "3.13.1 (/bin/python) without py-rattler")


def test_the_engine_of_build_has_a_line_of_its_own() -> None:
    here = build_finding("0.73.0", "unshare", unisolated=False)
    engine, others = "py-rattler-build 0.73.0", "the programs pixi and rattler-build are not needed"
    assert (here.status, here.detail) == ("ok", f"{engine}, isolated by user namespaces; {others}")
    allowed = build_finding("0.73.0", "none", unisolated=True)
    assert (allowed.status, allowed.detail) == ("ok", f"{engine}, not isolated; {others}")
    assert build_finding("0.73.0", "none", unisolated=False) == Check(
        name="build",
        status="missing",
        detail=f"{engine}, not isolated; {others}",
        cost="nothing is built, and no installer is tried: upstream code could read and change your files",
        remedy="install bubblewrap or allow user namespaces (on Linux), use `build --container IMAGE`, or set "
        "DIRAC_FORGE_UNISOLATED_BUILDS=1 on a disposable machine",
    )
    assert build_finding(None, "unshare", unisolated=False) == Check(
        name="build",
        status="missing",
        detail="py-rattler-build is not installed",
        cost="no `dirac-forge build`",
        remedy="pip install 'dirac-forge[build] @ git+https://github.com/DIRACGrid/dirac-forge'",
    )


@pytest.mark.parametrize(
    ("program", "status", "detail"),
    [
        (Program(path="/usr/bin/git", said="git version 2.39.5 (Apple Git-154)\n"), "ok", "2.39.5 (/usr/bin/git)"),
        (Program(path="/usr/bin/git"), "unknown", "/usr/bin/git does not print its version"),
        (Program(path="/usr/bin/git", said="no"), "unknown", "/usr/bin/git does not print its version"),
        (Program(path=None), "missing", "not on PATH"),
    ],
)
def test_git(program: Program, status: str, detail: str) -> None:
    finding = git_finding(program)
    assert (finding.status, finding.detail, finding.required) == (status, detail, True)


def test_conda_smithy_never_comes_from_pypi() -> None:
    missing = smithy_finding(Program(path=None))
    assert missing.status == "missing"
    assert missing.remedy == (
        "`pixi global install conda-smithy` or `conda install -c conda-forge conda-smithy`; never with pip"
    )
    assert "not linted" in missing.cost
    assert not missing.required
    here = smithy_finding(Program(path="/x/conda-smithy", said="conda-smithy, version 2026.1.3\n"))
    assert (here.status, here.detail) == ("ok", "2026.1.3 (/x/conda-smithy)")


def test_a_token_is_not_shown() -> None:
    assert token_finding({"GH_TOKEN": "ghp_secret", "GITHUB_TOKEN": " "}) == Check(
        name="github token", status="ok", detail="in GH_TOKEN"
    )
    missing = token_finding({"PATH": "x"})
    assert (missing.status, missing.detail) == (
        "missing",
        "none in GITHUB_TOKEN, GH_TOKEN, GITHUB_TOKEN_FILE, the keyring or `gh auth token`, and no GitHub App's key",
    )
    assert token_finding({}, outside="the keyring").detail == "in the keyring"
    app = {"GITHUB_APP_ID": "7", "GITHUB_APP_PRIVATE_KEY": "-----BEGIN", "GITHUB_API_URL": "https://x/api/v3"}
    assert token_finding(app).detail == (
        "a GitHub App's, by GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY, for https://x/api/v3"
    )
    half = token_finding({"GITHUB_APP_ID": "7", "GITHUB_TOKEN": "ghp_secret"})
    assert (half.status, half.remedy) == ("missing", "set GITHUB_APP_PRIVATE_KEY, or unset GITHUB_APP_ID")


@pytest.mark.parametrize(
    ("scopes", "status", "detail", "remedy"),
    [
        (frozenset({"public_repo", "workflow"}), "ok", "in GH_TOKEN, with the scopes public_repo, workflow", ""),
        (frozenset({"repo", "workflow"}), "ok", "in GH_TOKEN, with the scopes repo, workflow", ""),
        (
            frozenset({"repo"}),
            "missing",
            "in GH_TOKEN; its scopes are repo",
            "add workflow at https://github.com/settings/tokens",
        ),
        (
            frozenset(),
            "missing",
            "in GH_TOKEN; its scopes are none",
            "add public_repo and workflow at https://github.com/settings/tokens",
        ),
        ("GitHub is down", "ok", "in GH_TOKEN; its scopes are unknown: GitHub is down", ""),
        (None, "ok", "in GH_TOKEN", ""),
    ],
)
def test_scopes_of_a_token(scopes: frozenset[str] | str | None, status: str, detail: str, remedy: str) -> None:
    finding = token_finding({"GH_TOKEN": "ghp_secret"}, scopes)
    assert (finding.status, finding.detail, finding.remedy) == (status, detail, remedy)


def test_disk_and_late_checks(tmp_path: Path) -> None:
    assert disk_finding(tmp_path, free=3_000_000_000).status == "ok"
    full = disk_finding(tmp_path, free=1_000_000_000)
    assert (full.status, full.detail) == ("missing", f"{tmp_path}: 1.0 GB free")
    late = late_finding("index", limit=3.0)
    assert (late.status, late.detail) == ("unknown", "no answer within 3 s")
    assert late.remedy == "try again, or check the network and the proxy settings"
    slow = late_finding("cache", limit=3.0, place="/var/cache")
    assert (slow.status, slow.detail) == ("unknown", "/var/cache: no answer within 3 s")
    assert slow.remedy == "try again, or see whether the disk is slow or busy"


@pytest.mark.parametrize(
    ("answer", "status", "detail", "remedy"),
    [
        (None, "ok", "https://x/simple/ answers", ""),
        ("not asked: offline", "unknown", "not asked: offline", "leave out --offline"),
        (NotFoundError("nothing here"), "missing", "nothing here", "name another one: --index-url"),
        (RefusedError("refused"), "unknown", "refused", "try again later"),
        (UnreachableError("dead", hint="check the network"), "unknown", "dead", "check the network"),
    ],
)
def test_index(answer: Answer, status: str, detail: str, remedy: str) -> None:
    finding = place_finding("index", "https://x/simple/", answer)
    assert (finding.name, finding.status, finding.detail, finding.remedy) == ("index", status, detail, remedy)
    assert bool(finding.cost) == (status != "ok")


def test_channel() -> None:
    finding = place_finding("channel", "conda-forge", None)
    assert (finding.name, finding.status, finding.detail) == ("channel conda-forge", "ok", "answers")
    assert place_finding("channel", "x", NotFoundError("")).remedy == "name another one: --channel"


def test_cache() -> None:
    folder = Path("/var/cache")
    well = cache_finding(folder, files=1234, size=5_600_000)
    assert (well.status, well.detail) == ("ok", f"{folder}: 1,234 files, 5.6 MB")
    large = cache_finding(folder, files=1234, size=5_600_000, complete=False)
    assert (large.status, large.detail) == ("ok", f"{folder}: more than 1,234 files, more than 5.6 MB")
    badly = cache_finding(folder, files=1, size=0, fault="Permission denied")
    assert (badly.status, badly.detail) == ("missing", f"{folder}: 1 file, 0.0 MB; can't be written: Permission denied")


def test_exit_code() -> None:
    well = Check(name="a", status="ok", detail="", required=True)
    absent = Check(name="b", status="missing", detail="")
    unknown = Check(name="c", status="unknown", detail="", required=True)
    assert exit_code([well, absent, Check(name="d", status="unknown", detail="")]) == 0
    assert exit_code([well, absent, replace(unknown, asked=False)]) == 0
    assert exit_code([well, absent, unknown]) == 3
    assert exit_code([well, unknown, Check(name="e", status="missing", detail="", required=True)]) == 1


def test_shown() -> None:
    findings = [
        Check(name="git", status="ok", detail="2.39.5 [x]", required=True),
        Check(name="cache", status="missing", detail="no", cost="time", remedy="make room"),
    ]
    console = Console(width=60, record=True, markup=False)
    with console.capture() as captured:
        console.print(as_text(findings))
    assert [line.rstrip() for line in captured.get().splitlines()] == [
        "ok: git: 2.39.5 [x]",
        "missing: cache: no",
        "  - without: time",
        "  - to do: make room",
        "",
        "  1 ok, 1 missing: everything that is required is available",
    ]
    assert as_json(findings[1:]) == {
        "findings": [
            {
                "name": "cache",
                "status": "missing",
                "detail": "no",
                "cost": "time",
                "remedy": "make room",
                "required": False,
            }
        ]
    }


def test_a_git_that_can_not_be_given_a_token_out_of_sight() -> None:
    finding = git_finding(Program(path="/usr/bin/git", said="git version 2.30.9"))
    assert (finding.status, finding.required) == ("missing", False)
    assert finding.detail == "2.30.9 (/usr/bin/git)"
    assert finding.remedy == "use 2.31 or newer: https://git-scm.com/downloads"
    assert git_finding(Program(path="/usr/bin/git", said="git version 2.31.0")).status == "ok"
