from dirac_forge.recipe.making.licence_files import not_said_yet
from dirac_forge.recipe.notes import NoteKind, note

MISSING = note("warning", NoteKind.NO_LICENCE_FILE)
SEVERAL = note("warning", NoteKind.SEVERAL_LICENCES, taken="MIT AND ISC")


def test_a_missing_licence_file_is_told_once() -> None:
    asked = note("todo", NoteKind.NO_LICENCE_AT_TAG, repository="https://github.com/example/demo", version="1.0")
    assert not_said_yet([MISSING, SEVERAL], [asked]) == [SEVERAL]
    assert not_said_yet([MISSING, SEVERAL], [SEVERAL]) == [MISSING, SEVERAL]
