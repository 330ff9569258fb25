"""The static check of a contract in an environment: this tuple is the whole of it, in the order of reading."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from agentctl.review import (
    acceptances,
    allowlist,
    approvals,
    backends,
    descriptors,
    models,
    notes,
    python_tools,
    reviewer_rules,
    risks,
    schemas,
    scripts,
    templates,
)
from agentctl.review.report import Finding, Report
from agentctl.review.subject import Subject

Rule: TypeAlias = Callable[[Subject], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    notes.files_are_readable,
    notes.file_has_the_agents_name,
    notes.instructions_are_given,
    allowlist.tools_exist,
    allowlist.tools_are_listed_once,
    allowlist.names_are_not_confusable,
    schemas.schemas_are_sound,
    descriptors.effect_keys_can_be_computed,
    descriptors.facts_stand_in_the_schema,
    descriptors.facts_have_their_type,
    templates.templates_name_arguments,
    templates.arguments_are_used,
    templates.selections_fit_the_result,
    templates.methods_fit_the_effect,
    templates.bodies_have_one_form,
    templates.texts_are_made_of_texts,
    templates.keys_reach_somebody,
    python_tools.functions_exist,
    models.aliases_are_bound,
    models.prices_are_known,
    models.live_asks_real_models,
    models.scripts_lie_in_one_folder,
    scripts.expressions_are_sound,
    backends.backends_are_bound,
    backends.live_backends_are_encrypted,
    backends.private_addresses_are_declared,
    backends.isolation_is_wanted,
    risks.static_keys_are_accepted,
    risks.irreversible_tools_are_gated,
    risks.rule_of_two_holds,
    acceptances.dates_are_days,
    acceptances.accepted_risks_exist,
    acceptances.accepted_risks_are_named,
    approvals.approvals_are_possible,
    approvals.escalations_reach_a_person,
    approvals.reviewers_are_told_apart,
    approvals.nobody_approves_their_own,
    approvals.runs_name_their_principal,
    reviewer_rules.rules_name_tools,
    reviewer_rules.rules_judge_amounts,
    reviewer_rules.rules_only_read,
    reviewer_rules.rules_read_whole_amounts,
    reviewer_rules.rules_compare_what_exists,
    reviewer_rules.rules_compare_what_was_read,
    notes.platform_rules_are_told,
    notes.unenforced_keys_are_told,
)
"""Every rule. A rule reads the subject and yields what it finds; none depends on another."""


def check(subject: Subject) -> Report:
    """Return what is wrong, doubtful or worth knowing about a contract in an environment."""
    return Report.of(finding for rule in RULES for finding in rule(subject))
