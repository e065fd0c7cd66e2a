"""What the files of a release say together."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping

import pytest

from dirac_forge.http import HashMismatchError, Http, UnreachableError
from dirac_forge.store import Store
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.upstream.files.gather import gather, light
from dirac_forge.upstream.index.client import IndexClient
from support.archives import metadata, sdist, wheel
from support.facts import told
from support.index import IndexFile, PackageIndex
from support.server import Answer

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
GOOD = wheel("demo", "1.0", "Requires-Dist: six>=1", "Requires-Python: >=3.9")
SOURCE = sdist(
    "demo", "1.0", {"PKG-INFO": metadata("demo", "1.0", "Requires-Dist: six >= 1", "Requires-Python: >=3.9")}
)


def read(
    files: Mapping[str, bytes | IndexFile], *, failures: Mapping[str, int] | None = None, walk: bool = False
) -> ReleaseFacts:
    with PackageIndex({"demo": files}, failures=failures) as index, Http(cache=None) as http:
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        return light(http, release, Store(None)) if walk else gather(http, release, Store(None))


def test_facts_travel_between_processes() -> None:
    facts = read({WHEEL: GOOD, SDIST: SOURCE})
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_the_wheel_is_trusted_first() -> None:
    facts = read({WHEEL: GOOD, SDIST: SOURCE})
    assert facts.metadata_from == WHEEL
    assert facts.metadata.requires_dist.lines == ("six>=1",)
    assert facts.wheel is not None
    assert facts.sdist is not None
    assert facts.problems == ()


def test_contradictions_are_told() -> None:
    other = sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0", "Requires-Dist: six>=2", "Requires-Dist: extra")})
    facts = read({WHEEL: GOOD, SDIST: other})
    assert facts.metadata.requires_dist.lines == ("six>=1",)
    assert told(facts) == (
        f"{WHEEL} requires six>=1; {SDIST} does not",
        f"{SDIST} requires extra, six>=2; {WHEEL} does not",
        f"{WHEEL} says Requires-Python >=3.9, {SDIST} says nothing",
    )


NESTED = '(os_name == "nt" and python_version < "3.9") and extra == "x"'
EITHER = '(os_name == "a" or os_name == "b") and extra == "x"'


@pytest.mark.parametrize(
    ("built", "declared", "same"),
    [
        (NESTED, 'os_name == "nt" and python_version < "3.9" and extra == "x"', True),
        (NESTED, """extra == 'x' and (python_version < '3.9' and os_name == 'nt')""", True),
        (NESTED, '(os_name == "nt" or python_version < "3.9") and extra == "x"', False),
        (EITHER, """extra == 'x' and (os_name == 'b' or os_name == 'a')""", True),
        (EITHER, 'os_name == "a" or os_name == "b" and extra == "x"', False),
        ('python_version ~= "3.9"', "(python_version ~= '3.9')", True),
        ('python_version >= "3.9"', 'python_version > "3.9"', False),
    ],
)
def test_markers_contradict_each_other_if_they_mean_something_else(built: str, declared: str, same: bool) -> None:
    lines = [f"Requires-Dist: six; {marker}" for marker in (built, declared)]
    source = sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0", lines[1])})
    found = read({WHEEL: wheel("demo", "1.0", lines[0]), SDIST: source})
    assert (told(found) == ()) is same


@pytest.mark.parametrize(
    ("built", "declared", "same"),
    [
        (">=3,!=3.0.*,!=3.1.*", ">=3.2", True),
        (">=3.9", ">=3.9.0", True),
        (">=3.9", ">=3.9,<5", False),
        (">=3.9", ">=3.9.2", False),
        (">=3.9", ">3.9", False),
        (">=3.9", ">=3.9,!=3.10.5", False),
        (">=3.9,<4", ">=3.9,<4.0", True),
    ],
)
def test_pythons_contradict_each_other_if_other_ones_are_admitted(built: str, declared: str, same: bool) -> None:
    source = sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0", f"Requires-Python: {declared}")})
    found = read({WHEEL: wheel("demo", "1.0", f"Requires-Python: {built}"), SDIST: source})
    assert (told(found) == ()) is same


def test_only_an_sdist() -> None:
    facts = read({SDIST: SOURCE})
    assert (facts.metadata_from, facts.wheel, told(facts)) == (f"PKG-INFO of {SDIST}", None, ())


def test_only_wheels() -> None:
    facts = read({WHEEL: GOOD})
    assert told(facts) == ("demo 1.0 has no source archive on the index",)
    assert read({WHEEL: GOOD}, walk=True).problems == ()


def test_a_wheel_for_python_2_only() -> None:
    facts = read({"demo-1.0-py2-none-any.whl": GOOD, SDIST: SOURCE})
    assert facts.metadata_from == f"PKG-INFO of {SDIST}"
    assert told(facts) == ("demo 1.0 has no wheel for Python 3",)


@pytest.mark.parametrize("walk", [False, True])
def test_a_broken_wheel_is_a_problem(walk: bool) -> None:
    facts = read({WHEEL: b"no zip", SDIST: SOURCE}, walk=walk)
    assert facts.metadata_from == f"PKG-INFO of {SDIST}"
    assert len(told(facts)) == 1
    assert told(facts)[0].startswith(f"{WHEEL} is corrupt: File is not a zip file.")


def test_a_wheel_of_another_project_is_a_problem() -> None:
    facts = read({WHEEL: wheel("other", "1.0"), SDIST: SOURCE})
    assert facts.metadata_from == f"PKG-INFO of {SDIST}"
    assert told(facts) == (f"{WHEEL} has no usable metadata: it says that its project is 'other', not demo.",)


def test_a_broken_sdist_is_a_problem() -> None:
    facts = read({WHEEL: GOOD, SDIST: SOURCE[:-20]})
    assert facts.metadata_from == WHEEL
    assert facts.sdist is None
    assert [problem.splitlines()[0] for problem in told(facts)] == [f"{SDIST} is corrupt: it ends too early."]


def test_nothing_is_known() -> None:
    facts = read({SDIST: sdist("demo", "1.0", {"Makefile": ""})})
    assert (facts.metadata.name, str(facts.metadata.version), facts.metadata_from) == ("demo", "1.0", "nothing")
    assert facts.metadata.dynamic == ("requires-dist", "requires-python")
    assert told(facts) == (
        ("no file of demo 1.0 says statically what it needs; fill in requirements, licence, summary, home page"),
    )


def test_requirements_that_a_build_computes() -> None:
    facts = read({SDIST: sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0", "Dynamic: Requires-Dist")})})
    assert told(facts) == ("the requirements are not known: demo 1.0 computes them when it is built",)


def test_a_missing_file_is_a_problem_and_a_failing_host_is_not_an_answer() -> None:
    facts = read({WHEEL: GOOD, SDIST: SOURCE}, failures={f"/files/demo/{SDIST}": 404})
    assert len(told(facts)) == 1
    assert SDIST in told(facts)[0]
    with pytest.raises(UnreachableError):
        read({WHEEL: GOOD, SDIST: SOURCE}, failures={f"/files/demo/{SDIST}": 403})


def test_a_wrong_hash_is_refused() -> None:
    with pytest.raises(HashMismatchError):
        read({WHEEL: GOOD, SDIST: IndexFile(content=SOURCE, sha256="00" * 32)})
    lying = IndexFile(content=GOOD, metadata=metadata("demo", "1.0").encode())
    assert read({WHEEL: lying}, walk=True).metadata.requires_dist.lines == ()


DESCRIPTION = {
    "info": {
        "summary": "A demo",
        "home_page": "",
        "project_urls": {"Source": "https://example.org"},
        "license": "UNKNOWN",
        "classifiers": ["License :: OSI Approved :: MIT License"],
        "requires_dist": ["never", "used"],
        "requires_python": ">=2",
    }
}


def described(content: bytes, descriptions: Mapping[str, Mapping[str, object]]) -> ReleaseFacts:
    with PackageIndex({"demo": {SDIST: content}}) as index, Http(cache=None) as http:
        for project, description in descriptions.items():
            body = json.dumps(description).encode()
            index.failures[f"/pypi/{project}/1.0/json"] = Answer(
                headers={"Content-Type": "application/json"}, body=body
            )
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        return gather(http, release, Store(None), index_url=index.url)


def test_the_index_describes_what_no_file_tells() -> None:
    facts = described(sdist("demo", "1.0", {"Makefile": ""}), {"demo": DESCRIPTION})
    assert (facts.metadata.summary, facts.metadata.project_urls) == ("A demo", {"Source": "https://example.org"})
    assert (facts.metadata.requires_dist.lines, facts.metadata.requires_python) == ((), None)
    assert told(facts) == (
        "summary, project_urls, classifiers: not in the files, from the index's description",
        "no file of demo 1.0 says statically what it needs; fill in requirements",
    )


def test_files_are_trusted_before_the_description() -> None:
    setup = "from setuptools import setup\nsetup(name='demo', description='Mine')"
    facts = described(sdist("demo", "1.0", {"setup.py": setup}), {"demo": DESCRIPTION})
    assert facts.metadata.summary == "Mine"
    assert told(facts) == ("project_urls, classifiers: not in the files, from the index's description",)
    assert described(SOURCE, {"demo": DESCRIPTION}).metadata.summary is None


@pytest.mark.parametrize(
    ("description", "kinds"),
    [
        ({}, ["description-unread"]),
        ({"info": 3}, ["description-unread"]),
        ({"info": {"summary": 3, "project_urls": [], "classifiers": "x"}}, []),
    ],
)
def test_a_description_of_nothing_adds_nothing(description: Mapping[str, object], kinds: list[str]) -> None:
    content = sdist("demo", "1.0", {"Makefile": ""})
    found = [problem.kind for problem in described(content, {"demo": description}).problems]
    assert found == [*kinds, *(problem.kind for problem in described(content, {}).problems)]
