"""The use case of deriving the least privilege: what observed runs needed, as a contract and a policy, with a proof.

The derived policy stands beside those there were, and the contract only loses what was not used. Since the strictest answer
holds, nothing can be allowed that was not allowed before; the proof looks at the other half, that nothing is missing. Running
policy services are not asked: they said yes to what was executed, and a probe is nobody's call.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from agentctl.composition.authorities import engines_of, in_session, is_elsewhere
from agentctl.composition.contracts.explanations import begun
from agentctl.composition.governing import Governing, recorded
from agentctl.composition.project import Project
from agentctl.contract.agent import AgentContract, Tools
from agentctl.contract.loader import load
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.source import parse_source
from agentctl.events.record import Record
from agentctl.events.tool import Decision
from agentctl.foundation.errors import InternalError, InvalidInput, UsageError
from agentctl.policy.decision import STRICTNESS, strictest
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.review.decisions.court import Question, answers_to
from agentctl.review.decisions.draft import cedar_of
from agentctl.review.decisions.least_contract import Peak, contract_yaml, least_contract
from agentctl.review.decisions.needs import Need, needs_of
from agentctl.review.decisions.past import PastDecision, past_decisions
from agentctl.review.decisions.probes import Probe, ProbeMaker
from agentctl.tools.registry import RegisteredTool
from agentctl.trace.reports.run_names import run_named

_MOST_PROBED = 100


class Chosen(Struct, frozen=True):
    """Which runs are looked at: those named, or all of an agent that began on a day or later."""

    runs: tuple[str, ...] = ()
    agent: str | None = None
    since: str | None = None


class Proof(Struct, frozen=True):
    """What became of the observed calls, and of calls that were never made, under the derived contract and policy.

    `broken` are observed calls that would not get the answer they need; `leaks` are things that the policy should bound and
    does not; `open` are things that it leaves open, since nothing that was seen bounds them.
    """

    executed: int
    broken: tuple[str, ...]
    refused_still: int
    probes: int
    refused: int
    leaks: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that was executed still is, and nothing that was to be bounded gets through."""
        return not self.broken and not self.leaks


class Synthesis(Struct, frozen=True):
    """The least privilege that some runs needed. `kept_tools` are unused ones of which other policies of the contract speak."""

    agent: str
    runs: tuple[str, ...]
    skipped: tuple[str, ...]
    needs: tuple[Need, ...]
    before: AgentContract
    contract: AgentContract
    kept_tools: tuple[str, ...]
    contract_text: str
    policy_file: str
    policy_text: str
    proof: Proof


def synthesize(project: Project, chosen: Chosen) -> Synthesis | None:
    """Derive what the chosen live runs needed; None where nothing could be observed.

    Raises:
        UsageError: there is no such run, or the runs are of several agents.
        IntegrityError: something that a journal names is missing or damaged.
    """
    observed = _Observed.of(project, chosen)
    if observed is None or not observed.executed:
        return None
    return asyncio.run(_Synthesizer(project, observed).derived())


class _Observed(Struct, frozen=True):
    """The runs that are looked at, the newest last; `skipped` are those that show nothing. `base` governed the newest."""

    runs: tuple[str, ...]
    skipped: tuple[str, ...]
    base: Governing
    decisions: tuple[PastDecision, ...]
    peak: Peak

    @property
    def executed(self) -> tuple[PastDecision, ...]:
        """The decisions on which an attempt rested."""
        return tuple(past for past in self.decisions if past.executed)

    @classmethod
    def of(cls, project: Project, chosen: Chosen) -> "_Observed | None":
        """Return what the chosen runs show."""
        runs = project.journals.runs()
        names = [run_named(runs, run) for run in chosen.runs] or list(runs)
        journals = {run: project.journals.read(run) for run in dict.fromkeys(sorted(names))}
        wanted = {run: records for run, records in journals.items() if _is_wanted(records, chosen)}
        live = {run: records for run, records in wanted.items() if begun(records).envelope.kind == "live"}
        agents = {begun(records).envelope.agent for records in live.values()}
        if len(agents) > 1:
            raise UsageError(f"the runs are of several agents: {', '.join(sorted(agents))}", "`--agent NAME`")
        return cls._of_live(project, live, tuple(run for run in wanted if run not in live)) if live else None

    @classmethod
    def _of_live(
        cls, project: Project, live: dict[str, tuple[Record, ...]], skipped: tuple[str, ...]
    ) -> "_Observed":
        peak, decisions, blind = Peak(), list[PastDecision](), list[str]()
        governing = {run: recorded(project, begun(records).envelope) for run, records in live.items()}
        for run, records in live.items():
            contract, tools = governing[run].contract, governing[run].version.tools
            found = tuple(past_decisions(records, contract, tools))
            if all(past.agrees for past in found):
                decisions += found
                peak = peak.with_run(records)
            else:
                blind.append(run)
        seen = tuple(run for run in live if run not in blind)
        base = governing[seen[-1] if seen else next(iter(live))]
        return cls(seen, (*skipped, *blind), base, tuple(decisions), peak)


def _is_wanted(records: Sequence[Record], chosen: Chosen) -> bool:
    if not records:
        return False
    envelope = begun(tuple(records)).envelope
    of_agent = chosen.agent is None or envelope.agent == chosen.agent
    return of_agent and (chosen.since is None or records[0].time[:10] >= chosen.since)


class _Synthesizer(Struct, frozen=True):
    """Derives and proves."""

    project: Project
    observed: _Observed

    @property
    def about(self) -> str:
        """What stands above what is derived."""
        count = len(self.observed.runs)
        return f"The least that {count} run{'' if count == 1 else 's'} of {self.agent} needed."

    @property
    def agent(self) -> str:
        """The agent."""
        return self.observed.base.contract.agent.name

    async def derived(self) -> Synthesis:
        """Return contract, policy and proof."""
        needs = needs_of(self.observed.executed)
        file = f"policies/{self.agent}.least.cedar"
        policy = PolicyVersion(
            CedarPolicies(engine="cedar", files=(file,)), {file: cedar_of(needs, self.about)}
        )
        governing, engines, kept = self._governing(needs, policy)
        here = [engine for engine in engines if not is_elsewhere(engine.policy)]
        written = contract_yaml(governing.contract, self.about)
        _refuse_other(written, governing.contract)
        async with in_session(here) as asked:
            proof = await self._proved(self._court(governing, asked), needs)
        return Synthesis(
            agent=self.agent,
            runs=self.observed.runs,
            skipped=self.observed.skipped,
            needs=needs,
            before=self.observed.base.version.contract,
            contract=governing.contract,
            kept_tools=kept,
            contract_text=written,
            policy_file=file,
            policy_text=policy.texts[file],
            proof=proof,
        )

    def _governing(
        self, needs: tuple[Need, ...], policy: PolicyVersion
    ) -> tuple[Governing, tuple[PolicyEngine, ...], tuple[str, ...]]:
        """Return what would govern. Tools that were not used stay where other policies speak of them: no call passes."""
        before = self.observed.base.version
        policies = (*before.policies, policy)
        sources = tuple(item.source for item in policies)
        contract = least_contract(before.contract, needs, self.observed.peak, sources)
        secret = self.project.settings.secret
        try:
            governing = _with(self.observed.base, contract, policies)
            return governing, engines_of(governing, secret), ()
        except InvalidInput:
            used = {entry.name for entry in contract.tools.allowlist}
            kept = tuple(entry.name for entry in before.contract.tools.allowlist if entry.name not in used)
            whole = _with(self.observed.base, _with_entries(contract, before.contract), policies)
            return whole, engines_of(whole, secret), kept

    async def _proved(self, court: "_Court", needs: tuple[Need, ...]) -> Proof:
        executed = self.observed.executed
        others = [past for past in self.observed.decisions if not past.executed]
        broken = [words for past in executed if (words := await court.difference(past))]
        still = [past for past in others if await court.decided(past.question) != "allow"]
        tried = _Tried()
        maker = self._probes(court, needs)
        for past in executed[:: max(1, len(executed) // _MOST_PROBED)]:
            question = court.under(past.question)
            for probe in maker.probes(question):
                decision = await court.decided(question, probe.request)
                tried.add(probe, refused=_is_stricter(decision, past.made.decision))
        return Proof(
            executed=len(executed),
            broken=tuple(broken),
            refused_still=len(still),
            probes=tried.probes,
            refused=tried.refused,
            leaks=tuple(dict.fromkeys(tried.leaks)),
            open=tuple(dict.fromkeys(tried.open)),
        )

    def _court(self, governing: Governing, engines: tuple[PolicyEngine, ...]) -> "_Court":
        tools = self.observed.base.version.tools.items()
        registered = {name: RegisteredTool.of(version) for name, version in tools}
        return _Court(engines, governing.contract, registered)

    def _probes(self, court: "_Court", needs: tuple[Need, ...]) -> ProbeMaker:
        files, used = self.project.files, {need.tool for need in needs}
        known = {name: loaded.document for name, loaded in files.tools().items()}
        tools = {need.tool: court.tools[need.tool] for need in needs}
        others = {name: descriptor for name, descriptor in known.items() if name not in used}
        return ProbeMaker(
            needs, others, lambda tool, arguments: not tools[tool].arguments_validator.problems(arguments)
        )


class _Court(Struct, frozen=True):
    """The authorities under the derived contract and policy."""

    engines: tuple[PolicyEngine, ...]
    contract: AgentContract
    tools: Mapping[str, RegisteredTool]

    def under(self, question: Question) -> Question:
        """Return a question as it would be put under the derived contract."""
        return replace(question, contract=self.contract)

    async def decided(self, question: Question, request: PolicyRequest | None = None) -> Decision:
        """Return what all authorities say together."""
        return strictest(await answers_to(self.under(question), self.engines, request))

    async def difference(self, past: PastDecision) -> str | None:
        """Return how an observed call would fare otherwise than it did; None where it would not."""
        decision = await self.decided(past.question)
        return (
            None
            if decision == past.made.decision
            else f"{past.made.call}: {past.made.decision}, now {decision}"
        )


@dataclass(slots=True)
class _Tried:
    """Counts what became of probes."""

    probes: int = 0
    refused: int = 0
    leaks: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def add(self, probe: Probe, *, refused: bool) -> None:
        """Count one probe."""
        self.probes += 1
        self.refused += refused
        if not refused:
            (self.leaks if probe.bounded else self.open).append(probe.what)


def _is_stricter(decision: Decision, observed: Decision) -> bool:
    return decision == "deny" or STRICTNESS.index(decision) > STRICTNESS.index(observed)


def _with(base: Governing, contract: AgentContract, policies: tuple[PolicyVersion, ...]) -> Governing:
    """Return what governs under another contract and more policies."""
    listed = [entry.name for entry in contract.tools.allowlist]
    tools = {name: tool for name, tool in base.version.tools.items() if name in listed}
    version = replace(base.version, contract=contract, tools=tools, policies=policies)
    return replace(base, version=version, contract=contract)


def _with_entries(contract: AgentContract, before: AgentContract) -> AgentContract:
    """Return a contract with the entries for the tools that another one has and it lacks, in that one's order."""
    own = {entry.name: entry for entry in contract.tools.allowlist}
    entries = tuple(own.get(entry.name, entry) for entry in before.tools.allowlist)
    return contract.model_copy(update={"tools": Tools(allowlist=entries)})


def _refuse_other(text: str, contract: AgentContract) -> None:
    """Read back what was written: it is the contract that was proved, or nothing is shown.

    Raises:
        InternalError: it is another one.
    """
    if load(AgentContract, parse_source(text.encode(), "the derived contract")) != contract:
        raise InternalError("the derived contract is written otherwise than it was proved")


def write_synthesis(found: Synthesis, folder: Path) -> tuple[Path, ...]:
    """Write contract and policy into a folder, as they would lie under `contracts/`; return the files.

    Raises:
        UsageError: the folder cannot be written.
    """
    files = {f"{found.agent}.yaml": found.contract_text, found.policy_file: found.policy_text}
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be written: {error.strerror}", "a folder") from error
    return tuple(folder / name for name in files)
