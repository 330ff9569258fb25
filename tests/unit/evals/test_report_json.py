"""The JSON of an eval: names that programs may rely on."""

import json
from decimal import Decimal

from msgspec.structs import replace

from agentctl.evals.report_json import as_json
from tests.fakes.evals import (
    EVAL,
    GOLDEN_SET,
    baseline_of,
    blessed_case,
    digest,
    golden,
    judged,
    report_of,
    result_of,
    score,
)


def test_it_says_all_that_is_known() -> None:
    """Every name and every value of a small eval; money is text, exact."""
    baseline = baseline_of({"a": blessed_case()})
    trial = judged("a", 1, "failed", score("expected x; found y"))
    report = report_of(
        result_of(golden("a"), trial, baseline=baseline),
        baseline=baseline,
        tag="v1.2",
        changes=["instructions changed"],
        cap=Decimal("0.50"),
    )
    assert json.loads(json.dumps(as_json(report))) == {
        "eval": EVAL,
        "agent": "refund-assistant",
        "version": digest("a"),
        "version_tag": "v1.2",
        "environment": "sandbox",
        "golden_set": GOLDEN_SET,
        "golden_set_digest": digest("e"),
        "seed": 7,
        "takes_seeds": False,
        "verdict": "failed",
        "exit_code": 1,
        "reasons": ["`a` passed when the baseline was blessed, and failed now"],
        "counts": {
            "outcomes": {"passed": 0, "failed": 1, "unjudged": 0, "not_tried": 0, "skipped": 0},
            "changes": {"same": 0, "regressed": 1, "fixed": 0, "new": 0, "changed": 0},
            "trials": 1,
        },
        "cost_usd": "0.01",
        "max_cost_usd": "0.5",
        "duration_ms": 250.0,
        "baseline": {
            "version": digest("b"),
            "version_tag": None,
            "environment": "sandbox",
            "eval": EVAL,
            "blessed_by": "robin",
            "blessed_on": "2026-11-26",
        },
        "changes": ["instructions changed"],
        "cases": [
            {
                "id": "a",
                "outcome": "failed",
                "change": "regressed",
                "passes": 0,
                "planned": 1,
                "needed": 1,
                "skip": None,
                "cost_usd": "0.01",
                "duration_ms": 250.0,
                "place": {"file": GOLDEN_SET, "line": 10, "column": 3},
                "blessed_run": "run-blessed",
                "trials": [
                    {
                        "trial": 1,
                        "run": "run-a-1",
                        "outcome": "failed",
                        "detail": "",
                        "exit_code": 0,
                        "cost_usd": "0.01",
                        "duration_ms": 250.0,
                        "tools": ["zendesk.read_ticket"],
                        "scores": [
                            {
                                "type": "contains",
                                "passed": False,
                                "hard": True,
                                "detail": "expected x; found y",
                                "value": None,
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_what_there_is_not_is_null() -> None:
    """No baseline, no cap, no place, no blessed run."""
    report = report_of(result_of(golden("a"), judged("a")))
    bare = replace(report, places={})
    said = as_json(bare)
    (case,) = said["cases"]  # type: ignore[misc,union-attr]  # JSON
    assert (said["baseline"], said["max_cost_usd"]) == (None, None)
    assert (case["place"], case["blessed_run"], case["change"]) == (None, None, None)  # type: ignore[call-overload,index]  # JSON
