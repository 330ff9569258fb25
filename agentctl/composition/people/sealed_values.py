"""The sealed values of a run, as somebody beside it may look at them: nothing is ever added."""

from agentctl.composition.project import Project
from agentctl.events.run import Envelope
from agentctl.trace.sealing.vault import Vault


def vault_beside(project: Project, header: Envelope) -> Vault:
    """Return the values of a run; none where it is over, for they were destroyed then."""
    sealed = project.paths.sealed / header.run
    path = sealed if sealed.exists() else None
    return Vault(path, project.keys.sealing(), header.run, header.pii_redaction)
