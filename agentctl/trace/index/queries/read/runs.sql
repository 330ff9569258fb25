-- The life of runs.
CREATE OR REPLACE TEMP TABLE of_runs AS
SELECT rowid AS place, run, seq, time, type, unnest(json_transform(data, '{
    "envelope": {
        "kind": "VARCHAR", "parent_run": "VARCHAR", "conversation": "VARCHAR", "agent": "VARCHAR", "owner": "VARCHAR",
        "version": "VARCHAR", "version_tag": "VARCHAR", "environment": "VARCHAR", "environment_kind": "VARCHAR",
        "principal": {"id": "VARCHAR", "assurance": "VARCHAR"}, "on_behalf_of": ["VARCHAR"],
        "limits": {"max_cost_usd": "DECIMAL(28, 12)"}, "traceparent": "VARCHAR",
        "replay": {"run": "VARCHAR", "mode": "VARCHAR", "version": "VARCHAR"},
        "trial": {"eval": "VARCHAR", "case": "VARCHAR", "trial": "BIGINT"}
    },
    "input": "VARCHAR", "source": {"labels": ["VARCHAR"]}, "limits": {"max_cost_usd": "DECIMAL(28, 12)"},
    "reason": "VARCHAR", "status": "VARCHAR", "answer": "VARCHAR"
}'))
FROM loaded
WHERE type IN ('run.started', 'run.resumed', 'run.suspended', 'run.finished');
