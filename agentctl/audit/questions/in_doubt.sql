-- Calls of which nobody knows whether they had their effect, the oldest first; `open`: under way, or its process died.
SELECT
    proposed_at AS time, gen_ai_tool_name AS tool, effect, outcome, attempts, effect_key, idempotency_key, gen_ai_agent_name AS agent,
    runs.status AS run_status, call
FROM tool_calls
JOIN runs USING (run)
WHERE
    outcome IN ('in_doubt', 'unknown', 'open')
    AND ($argument::VARCHAR IS NULL OR starts_with(call, $argument))
    AND ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR proposed_at >= $since)
ORDER BY time, call;
