-- Which runs to show. Only a few narrow columns: the wide ones are read for the chosen runs alone (`run_rows`).
SELECT run
FROM runs
WHERE
    ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($status::VARCHAR IS NULL OR $status IN (status, reason))
ORDER BY started_at DESC, run DESC
LIMIT $limit;
