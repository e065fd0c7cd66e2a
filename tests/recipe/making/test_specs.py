import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rattler import Version as CondaVersion
from rattler import VersionSpec

from dirac_forge.errors import InputError
from dirac_forge.recipe.making.specs import conda_spec, conda_version
from dirac_forge.upstream.files.requirements import read_specifiers


@pytest.mark.parametrize(
    ("upstream", "conda"),
    [
        ("", ""),
        (">=v0.0.1", ">=0.0.1"),
        ("==v9.1.22", "==9.1.22"),
        (">=1.0.0.a2", ">=1.0.0a2"),
        ("~=2.2", ">=2.2,<3"),
        ("~=1.4.5", ">=1.4.5,<1.5"),
        ("~=1!2.3", ">=1!2.3,<1!3"),
        ("!=1.0.*", "!=1.0.*"),
        ("==1.2.*", "1.2.*"),
        ("===1.0", "==1.0"),
        ("==1.0+local.1", "==1.0+local.1"),
        ("(>=1.0)", ">=1.0"),
        ("<3,>=1.21.1", ">=1.21.1,<3"),
        ("<3,!=2.2.0,>=1.25.4", ">=1.25.4,!=2.2.0,<3"),
        (">=1,>=2,<5,<=4", ">=2,<=4"),
        (">=2,>2", ">2"),
        (">=1.26.0,<3,>=1.26", ">=1.26,<3"),
        (">=3.6.*", ">=3.6"),
        (">=1.9.0", ">=1.9.0"),
        ("==1.45.2,~=1.12,~=1.4", "==1.45.2"),
        ("==1.45.2,<1", "==1.45.2,<1"),
        ("~=1.12,~=1.4,!=1.13", ">=1.12,!=1.13,<2"),
        (">=0.7.0,~=0.7.0,<0.9", ">=0.7.0,<0.8"),
    ],
)
def test_specifiers_in_condas_words(upstream: str, conda: str) -> None:
    spec = conda_spec(read_specifiers(upstream))
    assert spec == conda
    if spec:
        VersionSpec(spec, strict=True)


def test_what_is_no_specifier_is_refused_in_words() -> None:
    with pytest.raises(InputError) as caught:
        read_specifiers("banana")
    assert caught.value.message == "'banana' is not a version specifier: expected clauses such as '>=1.2,<3' (PEP 440)"


versions = st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 3)).map(lambda v: ".".join(map(str, v)))
clauses = st.lists(
    st.tuples(st.sampled_from([">=", "<", "<=", ">", "==", "!=", "~="]), versions).map("".join), min_size=1, max_size=4
)


@given(clauses, versions)
def test_conda_admits_what_upstream_admits(texts: list[str], version: str) -> None:
    upstream = SpecifierSet(",".join(texts))
    spec = VersionSpec(conda_spec(upstream), strict=True)
    assert spec.matches(CondaVersion(version)) == upstream.contains(version)


@given(versions, st.sampled_from(["", "a1", "b2", "rc1", ".post1", ".dev3"]), versions)
def test_conda_orders_versions_as_upstream_does(one: str, suffix: str, other: str) -> None:
    left, right = Version(one + suffix), Version(other)
    assert (CondaVersion(conda_version(left)) < CondaVersion(conda_version(right))) == (left < right)
