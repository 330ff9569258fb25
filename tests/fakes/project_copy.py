"""A copy of this repository's own contracts in a folder of its own, to be changed one value at a time and reviewed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from agentctl.contract.project import ProjectFiles
from agentctl.foundation.errors import InvalidInput, Problem
from agentctl.review.checks.all_checks import check
from agentctl.review.checks.report import Report
from agentctl.review.checks.reviewed import Reviewed, review
from agentctl.review.checks.subject import Subject, gather
from agentctl.settings import MARKER

TODAY = "2026-11-22"
AGENT = "refund-assistant"
CONTRACT = "contracts/refund-assistant.yaml"
PLATFORM = "contracts/platform.yaml"
SANDBOX = "contracts/environments/sandbox.yaml"
LIVE = "contracts/environments/live.yaml"
SCRIPT = "contracts/environments/sandbox/scripts/refund-assistant.yaml"
READ_TICKET = "contracts/tools/zendesk.read_ticket.yaml"
LOOKUP = "contracts/tools/stripe.lookup_charge.yaml"
REFUND = "contracts/tools/stripe.create_refund.yaml"

_REPOSITORY = Path(__file__).parents[2]

Path_ = tuple[str | int, ...]


class _Dumper(yaml.CSafeDumper):
    """Writes every value out: our loader takes no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Return that nothing is ever written as an alias."""
        del data
        return True


class ProjectCopy:
    """A project that begins as ours and is then changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = ProjectFiles(root)
        shutil.copytree(_REPOSITORY / "contracts", root / "contracts")
        (root / MARKER).write_text("")

    def edit(self, file: str, change: Callable[[Any], None]) -> None:
        """Change a file's data and write it back."""
        path = self.root / file
        data = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        change(data)
        path.write_text(yaml.dump(data, Dumper=_Dumper, sort_keys=False))

    def set(self, file: str, path: Path_, value: object) -> None:
        """Put a value somewhere in a file; mappings on the way are made."""

        def change(data: Any) -> None:
            for key in path[:-1]:
                data = data.setdefault(key, {}) if isinstance(data, dict) else data[key]
            data[path[-1]] = value

        self.edit(file, change)

    def drop(self, file: str, path: Path_) -> None:
        """Take a value out of a file."""

        def change(data: Any) -> None:
            for key in path[:-1]:
                data = data[key]
            del data[path[-1]]

        self.edit(file, change)

    def add_tool(self, name: str, like: str = READ_TICKET, **changes: object) -> str:
        """Put a tool into the registry that is like another one but for some keys; return its file."""
        file = f"contracts/tools/{name}.yaml"
        shutil.copy(self.root / like, self.root / file)
        self.edit(file, lambda data: data.update({"name": name, **changes}))
        return file

    def without_policies(self) -> "ProjectCopy":
        """Take the policies away, which speak of tools and facts that a test may be about to change."""
        shutil.rmtree(self.root / "contracts" / "policies", ignore_errors=True)
        return self

    def allow(self, name: str, **entry: object) -> None:
        """Put a tool into the allowlist, at its end."""
        self.edit(CONTRACT, lambda data: data["tools"]["allowlist"].append({"name": name, **entry}))

    def subject(self, environment: str = "sandbox", today: str = TODAY) -> Subject:
        """Return what a review of our agent looks at."""
        return gather(self.files, lambda: self.files.agent(AGENT), environment, today)

    def review(self, environment: str = "sandbox", today: str = TODAY) -> Reviewed:
        """Review our agent."""
        return review(self.files, lambda: self.files.agent(AGENT), environment, called=AGENT, today=today)

    def report(self, environment: str = "sandbox", today: str = TODAY) -> Report:
        """Return the report of our agent; what does not load is reported too."""
        try:
            return check(self.subject(environment, today))
        except InvalidInput as refusal:
            return Report(errors=refusal.problems)

    def errors(self, environment: str = "sandbox", today: str = TODAY) -> list[str]:
        """Return the errors of our agent, each as `path: found`; every one has a line."""
        return _told(self.report(environment, today).errors)

    def warnings(self, environment: str = "sandbox", today: str = TODAY) -> list[str]:
        """Return the warnings of our agent, as above, where there are no errors."""
        report = self.report(environment, today)
        assert report.errors == ()
        return _told(report.warnings)

    def notes(self, environment: str = "sandbox", today: str = TODAY) -> list[str]:
        """Return the notes of our agent, as above, but for the one it begins with."""
        report = self.report(environment, today)
        return [told for told in _told(report.notes) if "escalate_on" not in told]


def _told(problems: tuple[Problem, ...]) -> list[str]:
    assert all(problem.place.line for problem in problems)
    return [f"{problem.path}: {problem.found}" for problem in problems]
