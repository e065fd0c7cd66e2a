"""Names that are guesses: of dependencies to be checked, of a new project as good as any."""

from __future__ import annotations

from dirac_forge.channel.name_reasons import NameKind, NameReason
from dirac_forge.channel.names import Mapped, MappedBy
from dirac_forge.recipe.making.guesses import guessed_names

PAIRS: tuple[tuple[str, MappedBy], ...] = (("a-b", "normalised"), ("known", "channel"))
WHY = (NameReason(kind=NameKind.NO_TABLE),)
CALLED = "called as on the index, which no table or channel confirms"
CORRECT = "[tool.dirac-forge.names] corrects"


def guess(project: str, package: str = "", *alternatives: str) -> Mapped:
    return Mapped(
        project=project, package=package or project, mapped_by="guess", reasons=WHY, alternatives=alternatives
    )


def test_a_new_project_is_called_as_it_is_called() -> None:
    own = [guess("new")]
    assert [(note.level, note.text) for note in guessed_names([guess("a-dep"), *own], own=own, unread=False)] == [
        ("info", f"{CALLED}: new ({CORRECT} it)"),
        (
            "warning",
            f"guessed names of packages: a-dep (no table has it); {CORRECT} it",
        ),
    ]


def test_a_dependency_of_one_word_is_called_as_it_is_called_too() -> None:
    notes = guessed_names([guess("scipy"), guess("tqdm"), guess("torch", "pytorch")], unread=False)
    assert [(note.level, note.text) for note in notes] == [
        (
            "info",
            f"{CALLED}: scipy, tqdm ({CORRECT} them)",
        ),
        (
            "warning",
            f"guessed names of packages: torch as pytorch (no table has it); {CORRECT} it",
        ),
    ]


def test_a_name_that_may_be_another_packages_is_to_be_checked() -> None:
    own = [guess("bash", "python-bash"), guess("kept", "kept", "py-kept")]
    (note,) = guessed_names([], own=own, unread=False)
    assert note.level == "warning"
    assert "bash as python-bash, kept" in note.text


def test_a_name_that_no_channel_has_is_a_guess_too() -> None:
    absent, known = (Mapped(project=name, package=name, mapped_by=by, reasons=WHY) for name, by in PAIRS)
    (note,) = guessed_names([absent, known], own=[absent, known], unread=False)
    assert (note.level, note.text) == ("warning", f"{CALLED}: a-b ({CORRECT} it)")
