import pytest

from dirac_forge.recipe.licences.others import OtherLicences, other_licences

OWN = ("LICENSE",)
TEXTS = {"LICENSE": "mine", "python/LICENSE": "mine\n"}


@pytest.mark.parametrize(
    ("member", "installed", "packaged", "perhaps"),
    [
        ("deps/xxhash/LICENSE", [], False, True),
        ("src/SLICOT-Reference/COPYING.rst", [], False, True),
        ("demo/_vendor/tomli/LICENSE", ["demo/_vendor/tomli/LICENSE"], True, False),
        ("src/blib/LICENSE.txt", ["blib/LICENSE.txt"], True, False),
        ("licenses/ERFA.rst", [], True, False),
        ("LICENSES/BSD.txt", [], True, False),
        ("licenses/README.rst", [], False, False),
        ("tests/data/LICENSE", [], False, False),
        (".github/LICENSE", [], False, False),
        ("crates/inner/LICENSE", [], False, False),
        ("python/LICENSE", [], False, False),
        ("demo/license.py", ["demo/license.py"], False, False),
    ],
)
def test_licences_of_others(member: str, installed: list[str], packaged: bool, perhaps: bool) -> None:
    found = other_licences(OWN, TEXTS, ["LICENSE", "crates/inner/Cargo.toml", member], installed)
    assert found == OtherLicences(packaged=(member,) * packaged, perhaps=(member,) * perhaps)


def test_of_equal_texts_one_is_enough() -> None:
    texts = {**TEXTS, "a/LICENSE": "theirs", "b/LICENSE": "theirs"}
    assert other_licences(OWN, texts, texts, ()).perhaps == ("a/LICENSE",)
