"""`dirac_forge.values`: what a frozen dataclass of ours does is what one of `dataclasses` does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass as of_python
from dataclasses import field

import pytest

from dirac_forge.values import dataclass as ours


@ours(frozen=True, kw_only=True, slots=True)
class Ours:
    """A value."""

    name: str
    size: int = 0
    tags: list[str] = field(default_factory=list, compare=False)
    token: str = field(default="", repr=False)


@of_python(frozen=True, kw_only=True, slots=True)
class Theirs:
    """A value."""

    name: str
    size: int = 0
    tags: list[str] = field(default_factory=list, compare=False)
    token: str = field(default="", repr=False)


@ours(frozen=True, slots=True)
class Checked:
    """A value by position, with a check."""

    name: str
    size: int = 1

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(self.name)


@ours(frozen=True, kw_only=True, slots=True)
class Longer(Ours):
    """A value with a field more."""

    unit: str = "m"


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs])


@BOTH
def test_equality_and_hash_go_by_the_compared_fields(kind: type[Ours]) -> None:
    assert kind(name="a", tags=["x"]) == kind(name="a", tags=["y"])
    assert hash(kind(name="a", tags=["x"])) == hash(kind(name="a", tags=["y"]))
    assert kind(name="a", size=1) != kind(name="a", size=2)
    other: object = "a"
    assert kind(name="a") != other


@BOTH
def test_repr_has_the_shown_fields(kind: type[Ours]) -> None:
    assert repr(kind(name="a", token="secret")) == f"{kind.__name__}(name='a', size=0, tags=[])"


@BOTH
def test_each_object_has_a_default_of_its_own(kind: type[Ours]) -> None:
    kind(name="a").tags.append("x")
    assert kind(name="b").tags == []


@BOTH
def test_a_value_does_not_change(kind: type[Ours]) -> None:
    value = kind(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        value.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del value.name


@BOTH
def test_wrong_arguments_are_named(kind: type[Ours]) -> None:
    with pytest.raises(
        TypeError, match=rf"{kind.__name__}.__init__\(\) missing 1 required keyword-only argument: 'name'"
    ):
        kind()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'nmae'"):
        kind(nmae="a")  # type: ignore[call-arg]


@BOTH
def test_the_functions_of_dataclasses_take_it(kind: type[Ours]) -> None:
    value = dataclasses.replace(kind(name="a"), size=2)
    assert dataclasses.asdict(value) == {"name": "a", "size": 2, "tags": [], "token": ""}
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert not hasattr(value, "__dict__")


def test_a_value_is_checked_when_it_is_made() -> None:
    assert Checked("a", 2).size == 2
    with pytest.raises(ValueError, match="b"):
        Checked("b", -1)


def test_a_subclass_has_the_fields_of_both() -> None:
    assert repr(Longer(name="a", unit="km")) == "Longer(name='a', size=0, tags=[], unit='km')"
    assert Longer(name="a") != Ours(name="a")


def test_what_is_not_frozen_is_refused() -> None:
    with pytest.raises(TypeError, match="only frozen dataclasses are made here"):
        ours(frozen=False)


def test_a_field_that_is_not_given_is_refused() -> None:
    @ours(frozen=True, slots=True)
    class Counted:
        count: int = field(default=0, init=False)

    with pytest.raises(TypeError, match=r"Counted.count: init=False is not supported here"):
        Counted()
