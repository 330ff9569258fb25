-- Evals, from their own journals.
CREATE OR REPLACE TEMP TABLE of_evals AS
SELECT rowid AS place, run, seq, time, type, json_transform(data, '{
    "agent": "VARCHAR", "golden_set": "VARCHAR", "golden_set_digest": "VARCHAR", "version": "VARCHAR",
    "version_tag": "VARCHAR", "environment": "VARCHAR", "trials": "BIGINT", "seed": "BIGINT",
    "max_cost_usd": "DECIMAL(28, 12)", "baseline": "VARCHAR", "by": {"id": "VARCHAR"},
    "verdict": "VARCHAR", "passed": "BIGINT", "failed": "BIGINT", "unjudged": "BIGINT", "regressions": ["VARCHAR"],
    "reasons": ["VARCHAR"], "cost_usd": "DECIMAL(28, 12)",
    "case": "VARCHAR", "trial": "BIGINT", "run": "VARCHAR", "outcome": "VARCHAR", "exit_code": "BIGINT",
    "duration_ms": "DOUBLE", "detail": "VARCHAR", "tools": ["VARCHAR"],
    "scores": [{
        "type": "VARCHAR", "passed": "BOOLEAN", "hard": "BOOLEAN", "detail": "VARCHAR", "value": "VARCHAR",
        "metric": "VARCHAR", "weight": "VARCHAR"
    }]
}') AS told
FROM loaded
WHERE starts_with(type, 'eval.');
