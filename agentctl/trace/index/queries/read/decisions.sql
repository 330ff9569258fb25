-- What policy said.
CREATE OR REPLACE TEMP TABLE of_decisions AS
SELECT rowid AS place, run, seq, time, type, unnest(json_transform(data, '{
    "call": "VARCHAR", "attempt": "BIGINT", "decision": "VARCHAR", "effect": "VARCHAR", "inputs_digest": "VARCHAR",
    "facts": "JSON", "facts_missing": "JSON",
    "answers": [{
        "authority": "VARCHAR", "policy": "VARCHAR", "digest": "VARCHAR", "decision": "VARCHAR",
        "reasons": ["VARCHAR"], "errors": ["VARCHAR"], "latency_us": "BIGINT"
    }]
}'))
FROM loaded
WHERE type = 'decision.made';
