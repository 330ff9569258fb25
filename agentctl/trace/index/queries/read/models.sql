-- Model calls.
CREATE OR REPLACE TEMP TABLE of_models AS
SELECT rowid AS place, run, seq, time, type, unnest(json_transform(data, '{
    "step": "BIGINT", "attempt": "BIGINT", "review": "VARCHAR", "deployment": "VARCHAR", "provider": "VARCHAR",
    "model": "VARCHAR", "request_digest": "VARCHAR", "max_output_tokens": "BIGINT",
    "reservation": {"cost_usd": "DECIMAL(28, 12)"},
    "text": "VARCHAR", "calls": [{"name": "VARCHAR"}], "finish_reason": "VARCHAR", "response_id": "VARCHAR",
    "response_model": "VARCHAR", "usage_reported": "BOOLEAN", "failure": "VARCHAR", "message": "VARCHAR",
    "settlement": {"tool_calls": "BIGINT", "input_tokens": "BIGINT", "output_tokens": "BIGINT", "cost_usd": "DECIMAL(28, 12)"},
    "latency_ms": "DOUBLE"
}'))
FROM loaded
WHERE type IN ('model.asked', 'model.answered', 'model.failed');
