"""A tool exists under exactly one name, and its digest covers all that defines it."""

import pytest

from agentctl.foundation.canonical import digest_of
from agentctl.foundation.errors import InternalError, InvalidInput
from agentctl.tools.registry import RegisteredTool, Registry
from tests.unit.tools.samples import PYTHON, descriptor, version

NAMES = ("files.delete_file", "files.read_file", "stripe.refund")


@pytest.fixture
def registry() -> Registry:
    """Return three tools."""
    return Registry.of(version(name=name) for name in NAMES)


def test_a_registered_tool_is_found_by_its_name(registry: Registry) -> None:
    """And the registry tells what it has, sorted."""
    tool = registry.get("stripe.refund")
    assert tool is not None
    assert tool.descriptor.name == "stripe.refund"
    assert registry.names == NAMES
    assert [item.descriptor.name for item in registry] == list(NAMES)
    assert len(registry) == 3


@pytest.mark.parametrize(
    "name",
    [
        "files.d\u0435lete_file",
        "files.Delete_File",
        "FILES.DELETE_FILE",
        "\uff46iles.delete_file",
        "files.delete_file ",
        " files.delete_file",
        "files.delete_file\x00",
        "files.delete\u200b_file",
        "files.delete_fi\u0301le",
        "files_delete_file",
        "files/delete_file",
        "files.delete-file",
        "files.*",
        "../files.delete_file",
        "con",
        "",
        ".",
        "x" * 300,
        "files.delete_file; rm -rf",
        "--help",
    ],
)
def test_no_other_spelling_finds_a_tool(registry: Registry, name: str) -> None:
    """No case folding, no normalisation, no trimming, no patterns."""
    assert registry.get(name) is None


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("files.d\u0435lete_file", "files.delete_file"),
        ("files.Delete_File", "files.delete_file"),
        ("\uff46iles.delete_file", "files.delete_file"),
        ("fi1es.de1ete-fi1e", "files.delete_file"),
        ("files.delete\u200b_file", "files.delete_file"),
        ("flles.read_file", "files.read_file"),
        ("strıpe.refund", "stripe.refund"),
        ("5tripe.refund", "stripe.refund"),
    ],
)
def test_a_lookalike_is_told_for_a_check(registry: Registry, name: str, known: str) -> None:
    """The check can warn of a name that a reader would take for another one."""
    assert registry.confusable_with(name) == (known,)
    assert registry.nearest(name) == known


def test_a_name_is_not_confused_with_itself(registry: Registry) -> None:
    """Only other tools are lookalikes."""
    assert registry.confusable_with("files.delete_file") == ()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("stripe.refnd", "stripe.refund"),
        ("Stripe.Refunds", "stripe.refund"),
        ("zzz", ""),
        ("", ""),
        ("x" * 10**6, ""),
    ],
)
def test_the_nearest_name_is_a_hint_only(registry: Registry, name: str, near: str) -> None:
    """Something near, or nothing."""
    assert registry.nearest(name) == near


def test_a_part_of_a_registry_has_only_that(registry: Registry) -> None:
    """What is not listed cannot be reached; what is listed and does not exist, exists no more than before."""
    part = registry.only(["stripe.refund", "no.such"])
    assert part.names == ("stripe.refund",)
    assert part.get("files.read_file") is None


def test_the_same_tool_may_be_given_twice_but_not_two_of_one_name() -> None:
    """Two that differ are refused: nobody could say which one an approval was for."""
    assert len(Registry.of([version(), version()])) == 1
    with pytest.raises(InvalidInput, match="two different descriptors have this name"):
        Registry.of([version(), version(description="another")])


def test_the_digest_covers_descriptor_and_code() -> None:
    """One changed character, in either, is another tool."""
    same = [RegisteredTool.of(version(b"x = 1", executor=PYTHON)).digest for _ in range(2)]
    code = RegisteredTool.of(version(b"x = 2", executor=PYTHON)).digest
    text = RegisteredTool.of(version(b"x = 1", executor=PYTHON, description="d\u200b")).digest
    assert same[0] == same[1]
    assert len({same[0], code, text}) == 3
    assert RegisteredTool.of(version()).digest == digest_of(version().document())


def test_code_belongs_to_python_tools_only() -> None:
    """Anything else is our own mistake."""
    with pytest.raises(InternalError):
        RegisteredTool.of(version(b"x = 1"))
    with pytest.raises(InternalError):
        RegisteredTool.of(version(executor=PYTHON))


def test_the_code_of_all_python_tools_is_handed_on() -> None:
    """The bytes that were hashed, by the tool's name."""
    registry = Registry.of([version(), version(b"x = 1", name="local.tool", executor=PYTHON)])
    assert registry.code == {"local.tool": b"x = 1"}


def test_a_tool_with_an_unusable_schema_is_refused() -> None:
    """It is named, and so is what is wrong."""
    with pytest.raises(InvalidInput, match=r"tool `stripe.refund`: .*did you mean `required`"):
        Registry.of([version(arguments={"type": "object", "requierd": ["a"]})])
    with pytest.raises(InvalidInput):
        Registry.of([version(result={"$ref": "http://127.0.0.1:1/"})])


def test_validators_stand_ready() -> None:
    """Arguments are closed, results are not."""
    tool = RegisteredTool.of(version())
    assert tool.arguments_validator.problems({"a": 1}) != ()
    assert tool.result_validator.problems({"a": 1}) == ()
    assert descriptor().name in repr(tool)
