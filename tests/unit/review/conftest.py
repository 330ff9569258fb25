"""A project to review."""

from pathlib import Path

import pytest

from tests.fakes.project_copy import ProjectCopy


@pytest.fixture
def project(tmp_path: Path) -> ProjectCopy:
    """Return a copy of our own project."""
    return ProjectCopy(tmp_path)
