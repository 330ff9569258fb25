"""Tests of reading rules one by one: ids, files, lines, and what is no rule."""

import pytest

from agentctl.events.approval import ApprovalTerms
from agentctl.foundation.errors import Place
from agentctl.policy.cedar.rules import read_rules
from tests.fakes.policy import sample_policy

TEXT = """\
// a comment; with "quotes; and
@id("first") permit (principal, action, resource)
when { "; // no end" != "\\";" };

  forbid (principal, action in [Action::"read", Action::"a.b"], resource); permit (principal == User::"x", action, resource);
// the end;
"""


def test_every_rule_has_its_id_its_file_and_its_line() -> None:
    """By `@id`, else by file and line; texts and comments end no rule."""
    reading = read_rules({"a.cedar": TEXT.replace("; permit", ";\npermit")})
    assert reading.problems == ()
    assert [(rule.id, rule.effect, rule.place) for rule in reading.rules] == [
        ("a.cedar:5", "forbid", Place("a.cedar", 5, 3)),
        ("a.cedar:6", "permit", Place("a.cedar", 6, 1)),
        ("first", "permit", Place("a.cedar", 2, 1)),
    ]


def test_a_statement_is_read_once_where_it_stands() -> None:
    """Who checks a set, lints it and judges by it is given the same rules; in another file or line it is another rule."""
    text = TEXT.replace("; permit", ";\npermit")
    once, again = (read_rules({"a.cedar": text}).rules for _ in range(2))
    assert all(rule is other for rule, other in zip(once, again, strict=True))
    moved = {rule.place for rule in read_rules({"b.cedar": f"\n{text}"}).rules}
    assert moved == {Place("b.cedar", line, column) for line, column in ((3, 1), (6, 3), (7, 1))}


def test_two_rules_on_one_line_need_ids() -> None:
    """Their file and line would be one id for both."""
    problems = read_rules({"a.cedar": TEXT}).problems
    assert [problem.place.line for problem in problems] == [5, 5]
    assert "the id `a.cedar:5` stands at a.cedar:5:" in problems[0].found


def test_a_scope_says_which_actions_it_takes() -> None:
    """All, one, several, or those of a group."""
    rules = {rule.id: rule for rule in read_rules({"a.cedar": TEXT.replace("; permit", ";\npermit")}).rules}
    assert rules["first"].actions is None
    assert rules["a.cedar:5"].actions == ("read", "a.b")
    assert rules["a.cedar:5"].applies_to("x.y", "read")
    assert rules["a.cedar:5"].applies_to("a.b", "write")
    assert not rules["a.cedar:5"].applies_to("x.y", "irreversible")


def test_what_a_rule_speaks_of_is_known() -> None:
    """Attributes by dot, by `has` and in brackets."""
    [rule] = read_rules(
        {
            "a": '@id("a") permit (principal, action, resource) when { context has f && context["g"].h == "t" };'
        }
    ).rules
    assert {"f", "g", "h", "t"} <= rule.named


def test_annotations_become_terms() -> None:
    """What a rule demands of an approval is read with it."""
    text = '@id("a") @quorum("2") permit (principal, action, resource) when { context.approval.granted };'
    [rule] = read_rules({"a": text}).rules
    assert rule.terms == ApprovalTerms(quorum=2)
    assert rule.annotations == {"id": "a", "quorum": "2"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("permit (principal, action, resource)", "no Cedar policy"),
        ("permit (principal, action);", "no Cedar policy"),
        ("permit;;", "no Cedar policy"),
        ("allow (principal, action, resource);", "no Cedar policy"),
        ('permit (principal, action, resource) when { "x };', "no Cedar policy"),
        ("permit (principal == ?principal, action, resource);", "a template"),
        ('@id("") permit (principal, action, resource);', "is no id"),
        ('@id("a b") permit (principal, action, resource);', "is no id"),
        ("@id permit (principal, action, resource);", "is no id"),
        ('@id("a") @id("b") permit (principal, action, resource);', "no Cedar policy"),
        (
            '@quorum("0") permit (principal, action, resource) when { context.approval.granted };',
            "is no quorum",
        ),
        (
            '@quorum("2") permit (principal, action, resource);',
            "no condition of it speaks of `context.approval`",
        ),
    ],
)
def test_what_is_no_rule_is_named_with_its_line(text: str, found: str) -> None:
    """One bad rule hides no other, and none is used in part."""
    reading = read_rules({"a.cedar": f'@id("good") permit (principal, action, resource);\n\n{text}'})
    assert [rule.id for rule in reading.rules] == ["good"]
    assert found in reading.problems[0].found
    assert (reading.problems[0].place.file, reading.problems[0].place.line) == ("a.cedar", 3)


def test_the_same_id_in_two_files_is_refused_at_both() -> None:
    """An id that means two rules answers no question afterwards."""
    text = '@id("a") permit (principal, action, resource);'
    problems = read_rules({"a.cedar": text, "b.cedar": text}).problems
    assert [str(problem.place) for problem in problems] == ["a.cedar:1:1", "b.cedar:1:1"]


def test_an_empty_file_has_no_rules() -> None:
    """Nothing is permitted by nothing."""
    assert read_rules({"a.cedar": " \n// nothing yet\n"}).rules == ()
    assert read_rules({"a.cedar": ""}).problems == ()


@pytest.mark.parametrize("name", ["refund-assistant", "platform"])
def test_the_sample_policies_have_ids_of_their_own(name: str) -> None:
    """What a record names can be found by its name."""
    reading = read_rules(sample_policy(name))
    assert reading.problems == ()
    assert all("id" in rule.annotations for rule in reading.rules)
