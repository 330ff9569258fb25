"""inspect_ai as a runner of evals: its ReAct agent or a plain answer, two scorers, and its log, which is always on."""

import sys

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessageAssistant, get_model
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, includes, scorer
from inspect_ai.solver import TaskState, generate, system_message

from benchmarks import refund_agent
from benchmarks.eval_cases import TOOL, Asked, cases, tell
from benchmarks.peers.inspect_ai import create_refund, lookup_charge, read_ticket


@scorer(metrics=[accuracy()])
def called() -> Scorer:
    """Judge whether the tool was called."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        names = [
            call.function
            for message in state.messages
            if isinstance(message, ChatMessageAssistant)
            for call in message.tool_calls or []
        ]
        return Score(value=CORRECT if TOOL in names else INCORRECT)

    return score


def work(asked: Asked) -> Task:
    """Return the task."""
    dataset = [Sample(id=case.id, input=case.input, target=case.contains) for case in cases(asked.count)]
    if asked.work == "answer":
        plain = [system_message(refund_agent.SYSTEM), generate()]
        return Task(dataset=dataset, solver=plain, scorer=[includes()])
    tools = [read_ticket(), lookup_charge(), create_refund()]
    agent = react(prompt=refund_agent.SYSTEM, tools=tools, submit=False)
    return Task(dataset=dataset, solver=agent, scorer=[includes(), called()])


def failed(log: EvalLog) -> list[str]:
    """Return the samples that not all scorers found right."""
    return [
        str(sample.id)
        for sample in log.samples or []
        if any(score.value != CORRECT for score in (sample.scores or {}).values())
    ]


def main() -> None:
    """Try the cases."""
    asked = Asked.here()
    (log,) = evaluate(
        work(asked),
        model=get_model("openai-api/stub/stub-1", base_url=asked.url, api_key="none"),
        log_dir=str(asked.folder / "logs"),
        display="none",
        max_samples=asked.at_once,
        max_connections=asked.at_once,
    )
    if log.status != "success" or len(log.samples or []) != asked.count:
        sys.exit(f"the eval ended with {log.status}: {log.error}")
    tell(failed(log))


if __name__ == "__main__":
    main()
