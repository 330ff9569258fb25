"""What all documents share: a field that a later version added leaves documents that do not use it as they were."""

from agentctl.contract.base import Document, later


class Old(Document):
    """As a first version had it."""

    name: str
    """A name."""


class New(Old):
    """As a later version has it."""

    count: int | None = later(None)
    """Added later."""
    many: tuple[str, ...] = later(())
    """Added later too."""


def test_what_is_not_used_is_not_written() -> None:
    """Neither as an object nor as JSON: the digest stays."""
    assert New(name="a").model_dump() == Old(name="a").model_dump() == {"name": "a"}
    assert New(name="a", count=None, many=()).model_dump_json() == Old(name="a").model_dump_json()


def test_what_is_used_is_written_and_comes_back() -> None:
    """Nothing is lost."""
    used = New(name="a", count=0, many=("x",))
    assert used.model_dump() == {"name": "a", "count": 0, "many": ("x",)}
    assert New.model_validate(used.model_dump()) == used
