-- Tool calls.
CREATE OR REPLACE TEMP TABLE of_tools AS
SELECT rowid AS place, run, seq, time, type, unnest(json_transform(data, '{
    "call": "VARCHAR", "step": "BIGINT", "attempt": "BIGINT", "purpose": "VARCHAR", "tool": "VARCHAR",
    "arguments": "JSON", "arguments_digest": "VARCHAR", "effect": "VARCHAR", "effect_key": "VARCHAR",
    "stage": "VARCHAR", "reasons": ["VARCHAR"], "principal": {"id": "VARCHAR", "assurance": "VARCHAR"}, "actor": "VARCHAR",
    "credential": {
        "kind": "VARCHAR", "jti": "VARCHAR", "audience": "VARCHAR", "scope": "VARCHAR", "expires_at": "VARCHAR"
    },
    "approvals": ["VARCHAR"], "grant": {"grant": "VARCHAR"}, "idempotency_key": "VARCHAR",
    "outcome": "VARCHAR", "status": "BIGINT", "value": "JSON", "source": {"labels": ["VARCHAR"]},
    "settlement": {"tool_calls": "BIGINT", "input_tokens": "BIGINT", "output_tokens": "BIGINT", "cost_usd": "DECIMAL(28, 12)"},
    "latency_ms": "DOUBLE", "verdict": "VARCHAR", "by": {"id": "VARCHAR", "assurance": "VARCHAR"}, "reason": "VARCHAR"
}'))
FROM loaded
WHERE starts_with(type, 'tool.');
