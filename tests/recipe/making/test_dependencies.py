import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.progress import Silent
from dirac_forge.recipe.making.dependencies import DependencyTree, FoundProject, walk
from dirac_forge.recipe.making.problems import TreeCut, TreeUnsettled
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList
from support.executors import Inline

Index = Mapping[str, Mapping[str, Sequence[str]]]
SCOPE = Scope()


class Answers:
    """An index in memory; counts what it is asked."""

    def __init__(self, index: Index, *, shuffle: random.Random | None = None) -> None:
        self.index = {name.lower(): versions for name, versions in index.items()}
        self.asked: list[tuple[str, str]] = []
        self.shuffle = shuffle

    def look(self, project: str, specifiers: SpecifierSet) -> FoundProject:
        self.asked.append((project, str(specifiers)))
        if self.shuffle:
            time.sleep(self.shuffle.random() / 500)
        versions = self.index.get(project.lower())
        if versions is None:
            return FoundProject(project=project, problem=f"There is no project {project}.")
        fitting = sorted(specifiers.filter(versions), key=Version)
        if not fitting:
            return FoundProject(project=project, problem=f"No release of {project} satisfies {specifiers}.")
        return FoundProject(
            project=project, version=Version(fitting[-1]), requires_dist=RequirementList(tuple(versions[fitting[-1]]))
        )


def tree(index: Index, *roots: str, answers: Answers | None = None, executor: Executor | None = None) -> DependencyTree:
    answers = answers or Answers(index)
    found = {root: answers.look(root, SpecifierSet()) for root in roots}
    answers.asked.clear()
    return walk(found, answers.look, SCOPE, executor or Inline())


def test_all_levels_are_found_with_who_needs_them() -> None:
    index: Index = {
        "app": {"1": ["lib>=2", "Common"]},
        "lib": {"2.5": ["common<3", "deep; python_version >= '3.12'"]},
        "common": {"2": []},
        "deep": {"0.1": ["never; python_version < '3'"]},
    }
    answers = Answers(index)
    found = tree(index, "app", answers=answers)
    assert [(d.project, str(d.specifiers), d.required_by, str(d.found.version)) for d in found.dependencies] == [
        ("Common", "<3", ("app", "lib"), "2"),
        ("deep", "", ("lib",), "0.1"),
        ("lib", ">=2", ("app",), "2.5"),
    ]
    assert sorted(project for project, _ in answers.asked) == ["Common", "deep", "lib"]


def test_extras_are_followed_once_and_only_where_asked_for() -> None:
    index: Index = {
        "app": {"1": ["web[fast]"]},
        "web": {
            "1": [
                "core",
                "speed>=1; extra == 'fast'",
                "docs; extra == 'docs'",
                "web[more]; extra == 'fast'",
                "x; extra == 'more'",
            ]
        },
        "core": {"1": ["web"]},
        "speed": {"1": []},
        "x": {"1": []},
    }
    assert [d.project for d in tree(index, "app").dependencies] == ["core", "speed", "web", "x"]


class Watched(Silent):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.done = 0

    def started(self, task: str, total: int | None = None) -> None:
        self.said.append(f"{task} …")

    def advanced(self, task: str, *, done: int = 1, total: int | None = None, detail: str = "") -> None:
        self.done += done

    def finished(self, task: str) -> None:
        self.said.append(f"{task}: {self.done}")


def test_rounds_are_one_task_for_who_watches() -> None:
    index: Index = {"app": {"1": ["a", "b"]}, "a": {"1": [], "2": []}, "b": {"1": ["a<2"]}}
    answers, watched = Answers(index), Watched()
    walk({"app": answers.look("app", SpecifierSet())}, answers.look, SCOPE, Inline(), observer=watched)
    assert ("a", "<2") in answers.asked
    assert watched.said == ["projects looked up …", "projects looked up: 2"], "each once, whatever the versions"


def test_a_version_is_chosen_anew_where_somebody_deeper_excludes_it() -> None:
    index: Index = {
        "app": {"1": ["lib", "other"]},
        "lib": {"1": ["old"], "2": ["new"]},
        "other": {"1": ["lib<2"]},
        "old": {"1": []},
        "new": {"1": []},
    }
    found = tree(index, "app")
    assert {d.project: str(d.found.version) for d in found.dependencies} == {"lib": "1", "old": "1", "other": "1"}


def test_an_unknown_project_is_a_problem_and_not_the_end() -> None:
    found = tree({"app": {"1": ["gone", "six"]}, "six": {"1": []}}, "app")
    assert [(d.project, d.found.problem) for d in found.dependencies] == [
        ("gone", "There is no project gone."),
        ("six", ""),
    ]


def test_nonsense_among_requirements_is_passed_over() -> None:
    assert [d.project for d in tree({"app": {"1": ["!!", "six"]}, "six": {"1": []}}, "app").dependencies] == ["six"]


def test_hundreds_of_levels_and_a_cycle_are_no_problem() -> None:
    index: dict[str, dict[str, list[str]]] = {f"p{n}": {"1": [f"p{n + 1}"]} for n in range(250)}
    index["p250"] = {"1": ["p1"]}
    found = tree(index, "p0")
    assert (len(found.dependencies), found.problems) == (250, ())


def test_a_chain_without_end_is_cut_and_says_so() -> None:
    index: dict[str, dict[str, list[str]]] = {f"p{n}": {"1": [f"p{n + 1}"]} for n in range(1000)}
    found = tree(index, "p0")
    assert len(found.dependencies) == 300
    assert found.problems == (TreeCut(most=300, of="projects"),)


def test_versions_that_are_not_settled_are_told() -> None:
    index: Index = {**{f"p{n}": {"2": [], "1": [f"p{n + 1}<2"]} for n in range(6)}, "p6": {"2": [], "1": []}}
    found = tree({**index, "app": {"1": ["p0<2", *sorted(index)]}}, "app")
    assert found.problems == (TreeUnsettled(projects=("p3",), rounds=4),)
    assert found.brought("app") is None
    settled = tree({**index, "app": {"1": ["p5<2", *sorted(index)]}}, "app")
    assert settled.problems == ()
    assert settled.joined(found).problems == found.problems


def test_extras_that_multiply_are_cut_and_say_so() -> None:
    lines = [f"p0[e{n + 1}]; extra == 'e{n}'" for n in range(2000)]
    found = tree({"p0": {"1": ["p0[e0]", *lines]}}, "p0")
    assert found.problems == (TreeCut(most=30_000, of="requirements"),)
    assert found.build_order(["p3", "p2", "p1"]) == ["p1", "p2", "p3"]  # one cycle: by name


def test_what_is_needed_is_built_before_also_through_others() -> None:
    index: Index = {"app": {"1": ["b"]}, "b": {"1": ["m"]}, "m": {"1": ["a"]}, "a": {"1": []}}
    assert tree(index, "app").build_order(["b", "a"]) == ["a", "b"]


names = st.sampled_from([f"p{n}" for n in range(8)])
requirements = st.lists(st.tuples(names, st.sampled_from(["", ">=1", "<2", "==1", "[x]"])).map("".join), max_size=4)
indexes = st.dictionaries(names, st.fixed_dictionaries({"1": requirements, "2": requirements}), min_size=1)


@given(indexes, st.integers())
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_tree_does_not_depend_on_the_order_of_answers(index: Index, seed: int) -> None:
    index = {**index, "root": {"1": sorted(index)[:3]}}
    want = tree(index, "root")
    with ThreadPoolExecutor(4) as pool:
        got = tree(index, "root", answers=Answers(index, shuffle=random.Random(seed)), executor=pool)
    assert (got.dependencies, got.needs) == (want.dependencies, want.needs)


def test_bounds_for_different_pythons_do_not_exclude_each_other() -> None:
    lines = ['cffi~=1.17; python_version < "3.14"', 'cffi>=2.0.0b0; python_version >= "3.14"']
    (cffi,) = tree({"app": {"1": lines}, "cffi": {"1.17": [], "2.1": []}}, "app").dependencies
    assert (str(cffi.specifiers), str(cffi.found.version), cffi.found.problem) == (">=1.17", "2.1", "")
