"""The three questions about a run that has just stopped, answered from its journal alone."""

from agentctl.composition.project import Project
from agentctl.trace.journals.journal_files import journals_among
from agentctl.trace.reports.three_questions import ThreeAnswers, three_questions_of


def proof_of(project: Project, run: str) -> tuple[ThreeAnswers, ...]:
    """Return who authorized every call that changed the world, why it was permitted, and what proves it.

    The index is not asked, and not brought up to date: its next reader does that, and misses nothing until then.

    Raises:
        IntegrityError: the journal is not what was written.
    """
    journal = journals_among([project.journals.path_of(run)])[run]
    return three_questions_of(project.journals.read(run), journal.name)
