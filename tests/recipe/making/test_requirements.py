import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.recipe.making import expansion
from dirac_forge.recipe.making.expansion import Providers, expand
from dirac_forge.recipe.making.requirements import convert
from dirac_forge.recipe.model import When
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList, parse_requirement

SCOPE = Scope()
KNOWN = {
    "azure-core": CoreMetadata(
        name="azure-core",
        version=Version("1.30"),
        requires_dist=RequirementList(
            ("requests>=2.21", "aiohttp>=3; extra == 'aio'", "typing-extensions; python_version < '3.9'")
        ),
        provides_extra=("aio", "everything"),
    ),
    "loop": CoreMetadata(
        name="loop",
        version=Version("1"),
        requires_dist=RequirementList(("loop[b]; extra == 'a'", "loop[a]; extra == 'b'", "end>=2; extra == 'b'")),
        provides_extra=("a", "b"),
    ),
    "wheels": CoreMetadata(
        name="wheels",
        version=Version("3.1"),
        requires_dist=RequirementList(("wheels-binary==3.1; extra == 'binary'",)),
        provides_extra=("binary",),
    ),
}


def metadata(project: str, specifiers: SpecifierSet) -> CoreMetadata | None:
    return KNOWN.get(project)


PROVIDERS = Providers(
    package=lambda project: project.lower().removesuffix("-binary"),
    bundled=lambda project, extra: "uvicorn-standard" if (project, extra) == ("uvicorn", "standard") else None,
    metadata=metadata,
)


def lines(*texts: str, noarch: bool = True, extras: tuple[str, ...] = ()) -> list[tuple[str, str, str | None]]:
    converted = convert(RequirementList(texts), SCOPE, PROVIDERS, noarch=noarch, extras=extras)
    return [(line.name, line.spec, line.when.v1 if line.when else None) for line in converted.lines]


def notes(*texts: str, noarch: bool = True) -> list[str]:
    return [f"{n.level}: {n.text}" for n in convert(RequirementList(texts), SCOPE, PROVIDERS, noarch=noarch).notes]


def test_bounds_that_exclude_each_other_are_told() -> None:
    lines = RequirementList(("a>=2", "a<1.20", "b>=1", "b<2"))
    found = convert(lines, Scope(), Providers(package=str.lower), noarch=True)
    assert [note.text for note in found.notes] == [
        "a: no version satisfies all requirements (a>=2 | a<1.20): tell upstream"
    ]


def test_requirements_are_merged_by_package_and_sorted() -> None:
    assert lines("zipp>=3", "A>=1", "a<3", "importlib_metadata>=4.4") == [
        ("a", ">=1,<3", None),
        ("importlib_metadata", ">=4.4", None),
        ("zipp", ">=3", None),
    ]


def test_what_never_holds_is_left_out_and_what_always_holds_is_plain() -> None:
    assert lines("a; python_version < '3'", "b; python_version >= '3.6'", "c; extra == 'test'") == [("b", "", None)]
    assert lines("c; extra == 'test'", extras=("test",)) == [("c", "", None)]


def test_noarch_needs_what_any_python_needs() -> None:
    text = "typing_extensions>=4; python_version < '3.11'"
    assert lines(text) == [("typing_extensions", ">=4", None)]
    why = "required on some Pythons only; one build serves all Pythons, so it is required on all"
    assert notes(text) == [f"info: typing_extensions: {why}: {text}"]


def test_a_compiled_package_keeps_the_marker() -> None:
    assert lines("typing_extensions>=4; python_version < '3.11'", noarch=False) == [
        ("typing_extensions", ">=4", 'match(python, "<3.11")')
    ]
    assert lines("a>=1", "a>=2; python_version >= '3.13' and sys_platform == 'win32'", noarch=False) == [
        ("a", ">=1", None),
        ("a", ">=2", 'win and match(python, ">=3.13")'),
    ]


def test_the_newest_python_of_the_channel_is_not_the_last() -> None:
    assert lines("numpy>=2.0; python_version < '3.14'", "numpy>=2.3; python_version >= '3.14'", noarch=False) == [
        ("numpy", ">=2.0", 'match(python, "<3.14")'),
        ("numpy", ">=2.3", 'match(python, ">=3.14")'),
    ]


def test_noarch_needs_the_strictest_of_what_its_pythons_need() -> None:
    assert lines(
        "dill>=0.2; python_version < '3.11'",
        "dill>=0.3.6,<3; python_version == '3.11'",
        "dill>=0.3.7,<4; python_version >= '3.12'",
        "dill>=9; python_version < '3.9'",
    ) == [("dill", ">=0.3.7,<3", None)]


def test_bounds_that_differ_between_pythons_are_told_once_with_what_is_written() -> None:
    three = (
        "dill>=0.2; python_version < '3.11'",
        "dill>=0.3.6; python_version == '3.11'",
        "dill>=0.3.7; python_version >= '3.12'",
    )
    two = ("a", "a>=2; python_version >= '3.13'")
    for given, written in ((three, "dill >=0.3.7"), (two, "a >=2")):
        (told,) = notes(*given)
        assert told == (
            f"info: {given[0][:4].partition('>')[0]}: upstream's bounds differ between Pythons ({' | '.join(given)}); "
            f"one build serves all Pythons, so it requires {written} on all"
        )
    some = ("b>=1; python_version < '3.11'", "b>=2; python_version == '3.12'")
    (told,) = notes(*some)
    assert told == (
        "info: b: required on some Pythons only; one build serves all Pythons, so it is required on all: "
        f"{' | '.join(some)}"
    )
    assert [
        one.partition(":")[0] for one in notes("c<2; python_version < '3.12'", "c>=2; python_version >= '3.12'")
    ] == ["warning"]


def test_what_no_version_suits_is_told_with_the_form_that_can() -> None:
    old, new = "numpy~=1.26; python_version < '3.12'", "numpy~=2.0; python_version >= '3.12'"
    assert notes(old, new)[-1] == (
        f"warning: numpy: no version satisfies all requirements ({old} | {new}); the range in the recipe covers "
        "them all, and admits versions that upstream excludes; only builds for each platform and Python could tell "
        "them apart"
    )
    assert [each for each in notes("a<2; python_version < '3.12'", "a>=1") if each.startswith("warning")] == []


def test_a_platform_stays_a_condition_in_both_kinds() -> None:
    for noarch in (True, False):
        assert lines("pywin32>=304; sys_platform == 'win32'", noarch=noarch) == [("pywin32", ">=304", "win")]


def test_machines_of_a_system_can_not_be_told_apart_in_noarch() -> None:
    text = "mlx>=1; sys_platform == 'darwin' and platform_machine == 'arm64'"
    assert lines(text) == [("mlx", ">=1", "osx")]
    (told,) = notes(text)
    where = "required on some machines only; a noarch package requires it on all of macOS"
    assert told == f"info: mlx: {where}: {text}; only builds for each platform could tell them apart"


def test_bounds_that_contradict_each_other_by_machine_stay_satisfiable() -> None:
    arm, others = "sys_platform == 'darwin' and platform_machine == 'arm64'", "sys_platform != 'darwin'"
    intel = "sys_platform == 'darwin' and platform_machine != 'arm64'"
    assert lines(f"fast>=2; {arm}", f"fast<2; {intel}", f"fast>=1; {others}") == [
        ("fast", ">=1", "not osx"),
        ("fast", "", "osx"),
    ]


@pytest.mark.parametrize(
    ("texts", "spec"),
    [
        (["numpy~=2.0; python_version>='3.12'", "numpy~=1.26; python_version<'3.12'"], ">=1.26,<3"),
        (["a==1.5.*; python_version<'3.12'", "a>=2; python_version>='3.12'"], ">=1.5"),
        (["a==1.5; python_version<'3.12'", "a==1.7; python_version>='3.12'"], ">=1.5,<=1.7"),
        (["a>1; python_version<'3.12'", "a>=1; python_version>='3.12'"], ">1"),
        (["a<2; python_version<'3.12'", "a<=2; python_version>='3.12'"], "<2"),
        (["a!=1.3; python_version<'3.12'", "a!=1.3,!=1.4; python_version>='3.12'"], "!=1.3,!=1.4"),
        (["a==1.5; python_version<'3.12'", "a>=1; python_version>='3.12'"], "==1.5"),
    ],
)
def test_what_differs_by_python_becomes_one_range(texts: list[str], spec: str) -> None:
    assert lines(*texts) == [("numpy" if "numpy" in texts[0] else "a", spec, None)]


@pytest.mark.parametrize("noarch", [True, False])
def test_a_requirement_of_the_next_python_is_told(noarch: bool) -> None:
    text = "audioop-lts; python_version >= '3.15'"
    made = convert(RequirementList((text, "old; python_version < '3.10'")), SCOPE, PROVIDERS, noarch=noarch)
    assert made.lines == ()
    assert [f"{note.level}: {note.text}" for note in made.notes] == [
        f"warning: left out, because the channel has no Python 3.15 yet: {text}; add it to run once there is one"
    ]
    narrowed = SCOPE.supported(SpecifierSet("<3.15"))
    assert convert(RequirementList((text,)), narrowed, PROVIDERS, noarch=noarch).notes == ()
    narrowed = SCOPE.supported(SpecifierSet("<3.13"))
    later = RequirementList(("b; python_version >= '3.13'",))
    assert convert(later, narrowed, PROVIDERS, noarch=noarch).notes == ()
    assert (
        len(convert(RequirementList((text,)), SCOPE.supported(SpecifierSet(">=3.11")), PROVIDERS, noarch=noarch).notes)
        == 1
    )


def test_the_release_of_a_system_is_left_out_with_a_word() -> None:
    text = "a; platform_release >= '20' and sys_platform == 'darwin'"
    assert lines(text) == []
    assert notes(text) == [f"todo: left out, because a recipe can't test the release of a system: {text}"]


def test_a_marker_that_the_release_of_a_system_decides_in_part_is_told() -> None:
    text = "a; sys_platform == 'win32' or platform_release >= '20'"
    assert lines(text) == [("a", "", "win")]
    assert notes(text)[0] == (
        f"warning: a recipe can't test the release of a system: {text} is required where the rest of its marker holds; "
        "check"
    )


def test_an_extra_becomes_what_it_adds() -> None:
    assert lines("azure-core[aio]>=1.20") == [("aiohttp", ">=3", None), ("azure-core", ">=1.20", None)]


def test_an_extra_that_is_written_out_is_named() -> None:
    told = "info: azure-core[aio]: no package for the extra is known; what it adds is required: aiohttp"
    assert notes("azure-core[aio]>=1.20") == [told]
    assert notes("uvicorn[standard]>=0.20") == []


def test_an_extra_that_a_package_holds_is_that_package() -> None:
    assert lines("uvicorn[standard]>=0.20") == [("uvicorn-standard", ">=0.20", None)]


def test_the_conditions_of_a_requirement_hold_for_what_its_extra_adds() -> None:
    assert lines("azure-core[aio]; sys_platform == 'win32'", noarch=False) == [
        ("aiohttp", ">=3", "win"),
        ("azure-core", "", "win"),
    ]


def test_extras_that_ask_for_each_other_end() -> None:
    assert lines("loop[a]") == [("end", ">=2", None), ("loop", "", None)]


def test_an_extra_that_the_package_itself_holds_adds_no_pin_of_its_version() -> None:
    assert lines("wheels[binary]>=3") == [("wheels", ">=3", None)]


def test_an_extra_that_nothing_tells_of_is_a_note() -> None:
    assert notes("unheard-of[x]") == [
        "todo: unheard-of[x]: could not find out what the extra adds; add its requirements to run"
    ]
    assert notes("azure-core[nope]") == ["info: azure-core[nope]: azure-core 1.30 has no such extra; it adds nothing"]


def test_a_url_is_a_warning_and_nonsense_is_for_a_person() -> None:
    assert notes("q @ https://example.org/q.zip") == [
        "warning: q: upstream requires it from a URL, which conda can't do: q @ https://example.org/q.zip"
    ]
    (told,) = notes("bad requirement here")
    assert told == (
        "todo: requirement left out: 'bad requirement here' is not a requirement: 'requirement here' is not a version "
        "specifier: expected clauses such as '>=1.2,<3' (PEP 508)"
    )


def test_old_spellings_are_read() -> None:
    assert str(parse_requirement("foo (>=1.0)")) == "foo>=1.0"
    assert str(parse_requirement("foo >= 3.6.*")) == "foo>=3.6"
    with pytest.raises(InputError, match="is not a requirement: expected a name"):
        parse_requirement("!!!")


def test_metadata_that_unfolds_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST_REQUIREMENTS", 5)
    found, told = expand(RequirementList(tuple(f"p{n}" for n in range(9))), SCOPE, PROVIDERS)
    assert len(found) == 6
    assert "more than 5 requirements" in told[0].text


def test_a_marker_over_pairs_is_widened_and_told() -> None:
    text = "a; sys_platform == 'win32' or python_version < '3.11'"
    converted = convert(RequirementList((text,)), SCOPE, PROVIDERS, noarch=False)
    assert [(line.name, line.when) for line in converted.lines] == [("a", None)]
    assert (
        converted.notes[0].text
        == f"a: the marker combines Python and platform; the condition in the recipe is wider: {text}"
    )
    assert When("a", "b") != When("a", "c")


CLASH = ("cffi<2; python_version < '3.12'", "cffi>=2; python_version >= '3.12' and sys_platform == 'win32'")


def test_a_noarch_requirement_of_one_system_and_some_pythons_stays_satisfiable_there() -> None:
    assert lines(*CLASH) == [("cffi", "<2", "unix"), ("cffi", "", "win")]
    assert [text for text in notes(*CLASH) if "no version satisfies all requirements" in text]


def test_one_build_for_all_pythons_stays_satisfiable_on_each_platform() -> None:
    converted = convert(RequirementList(CLASH), SCOPE, PROVIDERS, noarch=False, every_python=True)
    assert [(line.spec, line.when and line.when.v1) for line in converted.lines] == [("<2", "unix"), ("", "win")]


def test_a_higher_bound_of_one_system_stands_next_to_the_one_of_all() -> None:
    assert lines("cffi>=1; python_version < '3.12'", "cffi>=2; sys_platform == 'win32'") == [
        ("cffi", ">=1", None),
        ("cffi", ">=2", "win"),
    ]
