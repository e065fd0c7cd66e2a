from dirac_forge.recipe.making.backports import backport_notes
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.requirements import RequirementList


def test_backports_that_are_required_of_todays_pythons_are_told() -> None:
    lines = ("Enum34>=1", "typing; python_version < '3.5'", "futures; extra == 'old'", "six")
    (note,) = backport_notes(RequirementList(lines), Scope())
    assert note.level == "warning"
    assert note.text == (
        "Enum34 is in Python since 3.4, and the backport may have no package or break today's Pythons: "
        "patch the requirement out, and tell upstream"
    )
