-- Every time somebody decided where the rules alone had not, the newest first.
SELECT
    time, act, reviewer, reviewer_assurance, overrides.reason, gen_ai_agent_name AS agent, principal, overrides.call, run
FROM overrides
JOIN runs USING (run)
WHERE
    ($argument::VARCHAR IS NULL OR starts_with(run, $argument) OR starts_with(overrides.call, $argument))
    AND ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR time >= $since)
ORDER BY time DESC, run DESC;
