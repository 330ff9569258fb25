-- Every stop at a ceiling, every overrun of one and every loop, the newest first, in the ceiling's own unit.
SELECT
    time, type, meter, allowed, used, asked, gen_ai_agent_name AS agent, principal, runs.status AS run_status, run
FROM spend
JOIN runs USING (run)
WHERE
    type IN ('budget.stopped', 'budget.overrun', 'loop.detected')
    AND ($argument::VARCHAR IS NULL OR starts_with(run, $argument))
    AND ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR time >= $since)
ORDER BY time DESC, run DESC;
