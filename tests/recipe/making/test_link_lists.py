import pytest

from dirac_forge.recipe.making.link_lists import built, linked, mentioned


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Extension('x', libraries=['a', 'b'])", ("a", "b")),
        ("libs = ['a']\nlibs.append('b')\nlibs += ['c']\nExtension('x', libraries=libs)", ("a", "c", "b")),
        ("Extension('x', libraries=['a'] + (['b'] if win else ['c']))", ("a", "b", "c")),
        ("options = {'libraries': [*BASE, 'b']}\nBASE = ['a']", ("b", "a")),
        ("Extension('x', libraries=os.environ.get('LIBS', 'a b').split())", ()),
        ("Extension('x', libraries=[('own', {'sources': ['own.c']}), 'a'])", ("a",)),
        ("Extension('x', libraries=['../build/a', ''])", ()),
        ("other_libs = ['a']", ()),
        ("libraries = [", ()),
    ],
)
def test_elements_of_lists_for_the_linker(text: str, names: tuple[str, ...]) -> None:
    assert linked(text) == names


def test_other_lists_of_libraries_may_mention_them() -> None:
    assert mentioned("other_libs = os.environ.get('LIBS', 'a')\nnames = ['b']") == ("LIBS", "a")


def test_libraries_that_setup_py_builds() -> None:
    text = "setup(libraries=[('one', {'sources': []}), ('two', dict(sources=[]))], packages=['three'])"
    assert built(text) == {"one", "two"}


def test_each_variable_is_followed_once() -> None:
    doubled = "\n".join(f"v{number} = v{number + 1} + v{number + 1}" for number in range(500))
    assert linked(f"libraries = v0\n{doubled}\nv500 = ['a']") == ("a",)


def test_variables_that_name_each_other_end() -> None:
    assert linked("libraries = a\na = b\nb = a + ['c']") == ("c",)
