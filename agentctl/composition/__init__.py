"""The only room that names every concrete class: it puts a project's parts together and runs its use cases."""

from agentctl.composition.project import Project, open_project

__all__ = ["Project", "open_project"]
