"""Tests of the script's form: data, in order, each rule doing something."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from agentctl.contract.loader import load
from agentctl.contract.script import Binding, Condition, Rule, Script, ScriptedCall
from agentctl.contract.source import read_source

TEXT = """\
rules:
  - name: read it first
    when: {input_matches: '(?P<ticket>[0-9]+)', not_called: [zendesk.read_ticket]}
    call:
      - tool: zendesk.read_ticket
        arguments: {ticket_id: "{ticket}", depth: 2, share: 0.5, deep: {list: [true, null]}}
    say: I read it.
  - name: done
    bind: {subject: {result_of: zendesk.read_ticket, pointer: /subject}}
    say: "{subject}"
"""


def test_a_script_is_read_in_its_order(tmp_path: Path) -> None:
    """Conditions, bindings, calls and words, with every argument's type kept."""
    path = tmp_path / "script.yaml"
    path.write_text(TEXT)
    script = load(Script, read_source(path, "script.yaml"))
    first, second = script.rules
    assert first.when == Condition(input_matches="(?P<ticket>[0-9]+)", not_called=("zendesk.read_ticket",))
    assert first.call[0].arguments == {
        "ticket_id": "{ticket}", "depth": 2, "share": 0.5, "deep": {"list": [True, None]}
    }  # fmt: skip
    assert second.bind == {"subject": Binding(result_of="zendesk.read_ticket", pointer="/subject")}
    assert (second.when, second.call, second.say) == (Condition(), (), "{subject}")
    assert Script.model_validate_json(script.model_dump_json()) == script


def test_a_rule_does_something() -> None:
    """One that neither calls nor says would end nothing and begin nothing."""
    with pytest.raises(ValidationError, match="a rule needs `call` or `say`"):
        Rule(name="idle")
    assert Rule(name="silent", say="").say == ""
    assert Rule(name="busy", call=(ScriptedCall(tool="a.b"),)).say is None


def test_a_script_may_ask_for_a_tool_that_does_not_exist() -> None:
    """As a model may: a hostile script is data too."""
    assert ScriptedCall(tool="rm -rf / \u202e").arguments == {}


@pytest.mark.parametrize(
    "data",
    [
        {"rules": []},
        {},
        {"rules": [{"name": "", "say": "x"}]},
        {"rules": [{"name": "a", "say": "x", "unless": {}}]},
        {"rules": [{"name": "a", "say": 1}]},
        {"rules": [{"name": "a", "say": "x", "when": {"called": ["Refund"]}}]},
        {"rules": [{"name": "a", "say": "x", "when": {"input_matches": ""}}]},
        {"rules": [{"name": "a", "say": "x", "bind": {"b": {"result_of": "a.b", "pointer": "c"}}}]},
        {"rules": [{"name": "a", "call": [{"tool": ""}]}]},
        {"rules": [{"name": "a", "call": {"tool": "a.b"}}]},
    ],
)
def test_what_does_not_fit_is_refused(data: dict[str, object]) -> None:
    """No empty script, no unknown key, no pointer that is none."""
    with pytest.raises(ValidationError):
        Script.model_validate(data)
