-- Why calls were refused: at which stage, for which reasons, by which policies; the newest first.
WITH denied AS (
    SELECT run, call, list(DISTINCT policy ORDER BY policy) AS policies
    FROM decisions
    WHERE answer = 'deny'
    GROUP BY run, call
)
SELECT
    tool_calls.ended_at AS time, gen_ai_tool_name AS tool, refused_stage AS stage, refused_reasons AS reasons,
    denied.policies, gen_ai_agent_name AS agent,
    runs.principal, tool_calls.call
FROM tool_calls
JOIN runs USING (run)
LEFT JOIN denied ON denied.run = tool_calls.run AND denied.call = tool_calls.call
WHERE
    tool_calls.outcome = 'refused'
    AND ($argument::VARCHAR IS NULL OR starts_with(tool_calls.call, $argument))
    AND ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR tool_calls.ended_at >= $since)
ORDER BY time DESC, tool_calls.call DESC;
