import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from dirac_forge.recipe.making.markers import both, platform_condition, python_condition, reach, refused_pythons
from dirac_forge.recipe.model import When
from dirac_forge.recipe.scope import Scope

SCOPE = Scope()


@pytest.mark.parametrize(
    ("marker", "extras", "never", "always"),
    [
        ("python_version < '3.9'", (), True, False),
        ("python_version >= '3.8'", (), False, True),
        ("python_full_version < '3.11.0a7'", (), False, False),
        ("platform_python_implementation != 'PyPy'", (), False, True),
        ("implementation_name == 'pypy'", (), True, False),
        ("sys_platform == 'emscripten'", (), True, False),
        ("extra == 'server'", (), True, False),
        ("extra == 'server'", ("server",), False, True),
        ("platform_release >= '10'", (), True, False),
    ],
)
def test_a_marker_is_decided_over_all_variants(marker: str, extras: tuple[str, ...], never: bool, always: bool) -> None:
    where = reach(Marker(marker), SCOPE, extras)
    assert (where.never, where.always) == (never, always)


@pytest.mark.parametrize(
    ("marker", "platform", "python"),
    [
        ("sys_platform == 'win32'", When("win", "win"), None),
        ("os_name != 'nt'", When("unix", "unix"), None),
        ("sys_platform == 'darwin'", When("osx", "osx"), None),
        ("platform_system != 'Linux'", When("not linux", "not linux"), None),
        ("python_version < '3.11'", None, When('match(python, "<3.11")', "py<311")),
        ("python_version == '3.10'", None, When('match(python, "3.10.*")', "py==310")),
        ("python_version >= '3.14'", None, When('match(python, ">=3.14")', "py>=314")),
        ("python_version == '3.14'", None, When('match(python, "3.14.*")', "py==314")),
        ("python_version < '3.14'", None, When('match(python, "<3.14")', "py<314")),
        (
            "python_version >= '3.13' and python_version < '3.15'",
            None,
            When('match(python, ">=3.13") and match(python, "<3.15")', "py>=313 and py<315"),
        ),
        ("python_version >= '3.12'", None, When('match(python, ">=3.12")', "py>=312")),
        (
            "python_version >= '3.11' and python_version < '3.13' and os_name == 'nt'",
            When("win", "win"),
            When('match(python, ">=3.11") and match(python, "<3.13")', "py>=311 and py<313"),
        ),
        (
            "platform_machine == 'aarch64'",
            When('target_platform == "linux-aarch64"', 'target_platform == "linux-aarch64"'),
            None,
        ),
    ],
)
def test_the_shortest_condition_that_holds_exactly_there(
    marker: str, platform: When | None, python: When | None
) -> None:
    where = reach(Marker(marker), SCOPE)
    assert where.exact
    assert platform_condition(where.platforms, SCOPE) == platform
    assert python_condition(where.pythons, SCOPE, earlier=where.earlier, later=where.later) == python


def test_pairs_of_python_and_platform_are_not_exact() -> None:
    where = reach(Marker("sys_platform == 'win32' or python_version < '3.11'"), SCOPE)
    assert not where.exact
    assert where.every_python
    assert where.every_platform
    assert not where.always


def test_pythons_with_a_gap_are_named_one_by_one() -> None:
    assert python_condition(["3.10", "3.12"], SCOPE) == When(
        'match(python, "3.10.*") or match(python, "3.12.*")', "py==310 or py==312"
    )


@pytest.mark.parametrize(
    ("admitted", "condition"),
    [
        (">=3.11", When('match(python, "<3.11")', "py<311")),
        ("<3.14", When('match(python, ">=3.14")', "py>=314")),
        ("!=3.12.*", When('match(python, "3.12.*")', "py==312")),
        (">=3.9", None),
    ],
)
def test_pythons_that_upstream_refuses_stay_refused_when_the_channel_adds_one(
    admitted: str, condition: When | None
) -> None:
    assert refused_pythons(SpecifierSet(admitted), SCOPE) == condition


def test_pythons_on_both_sides_of_a_range_are_refused_as_ranges() -> None:
    channel = Scope(pythons=("3.10", "3.11", "3.12", "3.13", "3.14"))
    assert refused_pythons(SpecifierSet(">=3.12,<3.14"), channel) == When(
        'match(python, "<3.12") or match(python, ">=3.14")', "py<312 or py>=314"
    )
    assert refused_pythons(SpecifierSet(">=3.11,!=3.12.*"), channel) == When(
        'match(python, "<3.11") or match(python, "3.12.*")', "py<311 or py==312"
    )


def test_a_condition_within_an_open_one_is_closed() -> None:
    newest, one = (reach(Marker(f"python_version {text}"), SCOPE) for text in (">= '3.14'", "== '3.14'"))
    where = both(newest, one, SCOPE)
    assert (where.pythons, where.later) == (("3.14",), False)


def test_both_is_nowhere_where_nothing_is_common() -> None:
    windows, mac = (reach(Marker(f"sys_platform == '{name}'"), SCOPE) for name in ("win32", "darwin"))
    assert both(windows, mac, SCOPE).never
    assert both(windows, None, SCOPE) == windows


def test_a_scope_keeps_the_pythons_that_upstream_admits() -> None:
    narrowed = SCOPE.supported(SpecifierSet(">=3.11.2,<3.14"))
    assert narrowed.pythons == ("3.11", "3.12", "3.13")
    assert narrowed.python_min == "3.11"
    assert SCOPE.supported(SpecifierSet(">=2.7")).python_min == "3.10"
    assert SCOPE.supported(SpecifierSet("<3")).pythons == ()
