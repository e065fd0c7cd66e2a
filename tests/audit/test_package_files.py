"""Files that clobber each other, and lost commands, from values."""

from __future__ import annotations

from collections.abc import Mapping

from dirac_forge.audit.findings import EvidenceGap
from dirac_forge.audit.package_files import PublishedCommand, clobbered, compiled_files, lost_commands
from dirac_forge.channel.file_lists import FileList
from dirac_forge.channel.records import Record

PYTHON = Record(name="python", version="3.12.4", build="h0", subdir="linux-64")
ONE = Record(name="one", version="1", build="0", subdir="noarch", noarch="python")
TWO = Record(name="two", version="1", build="h0", subdir="linux-64")


def found(files: Mapping[Record, FileList]) -> tuple[list[tuple[object, ...]], tuple[EvidenceGap, ...]]:
    findings, gaps = clobbered([("grid", "linux-64", (PYTHON, ONE, TWO))], files.get)
    told: list[tuple[object, ...]] = [
        (each.record.name, each.dependency, each.severity, each.example, each.files) for each in findings
    ]
    return told, gaps


def test_noarch_file_clobbers_the_one_of_a_platform() -> None:
    files = {
        PYTHON: FileList(paths={"bin/python": "aa"}),
        ONE: FileList(paths={"site-packages/shared.py": "aa", "site-packages/one.py": "bb"}),
        TWO: FileList(paths={"lib/python3.12/site-packages/shared.py": "cc"}),
    }
    assert found(files) == ([("two", "one", "high", "lib/python3.12/site-packages/shared.py", 1)], ())


def test_same_content_is_a_smaller_fault() -> None:
    paths = {"share/licence": "aa", "share/readme": "bb"}
    files = {PYTHON: FileList(paths={}), ONE: FileList(paths=paths), TWO: FileList(paths=paths)}
    assert found(files) == ([("two", "one", "low", "share/licence", 2)], ())


def test_entry_point_clobbers_a_script() -> None:
    files = {
        PYTHON: FileList(paths={}),
        ONE: FileList(paths={}, commands=("run",)),
        TWO: FileList(paths={"bin/run": "aa"}),
    }
    assert found(files)[0] == [("two", "one", "high", "bin/run", 1)]


def test_packages_without_a_list_are_a_gap() -> None:
    assert found({PYTHON: FileList(paths={})}) == ([], (EvidenceGap(kind="files", builds=2),))


def test_command_that_no_package_of_the_environment_has_is_lost() -> None:
    published = [
        PublishedCommand(name=name, value=f"one:{name}", where="one-1-py3-none-any.whl")
        for name in ("kept", "script", "elsewhere", "gone")
    ]
    listed = FileList(paths={"python-scripts/script": ""}, commands=("kept",))
    (finding,) = lost_commands(ONE, listed, published, elsewhere=frozenset({"elsewhere"}), targets=("grid",))
    assert (finding.kind, finding.dependency, finding.upstream) == ("entry-point", "gone", "gone = one:gone")
    assert (finding.where, finding.targets, finding.severity) == ("one-1-py3-none-any.whl", ("grid",), "medium")


def test_compiled_file_of_a_noarch_python_package_is_a_finding() -> None:
    built = Record(name="sysroot", version="1", build="0", subdir="noarch", noarch="generic")
    files = {
        ONE: FileList(paths={"site-packages/one/_x.cpython-312-x86_64-linux-gnu.so": "", "site-packages/so.py": ""}),
        TWO: FileList(paths={"lib/libtwo.so.1": ""}),
        built: FileList(paths={"sysroot/libc.so": ""}),
    }
    (finding,) = compiled_files([("grid", "linux-64", (ONE, TWO, built))], files.get)
    assert (finding.record, finding.kind, finding.severity, finding.files) == (ONE, "compiled", "high", 1)
    assert finding.example == "site-packages/one/_x.cpython-312-x86_64-linux-gnu.so"
