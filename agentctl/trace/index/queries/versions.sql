-- Which versions ran: for each the kinds of its runs and how they stand, from when to when, and what they cost.
SELECT
    gen_ai_agent_name, version, kind, coalesce(reason, status) AS outcome,
    count(*) AS runs, min(started_at) AS first_at, max(started_at) AS last_at, coalesce(sum(cost_usd), 0) AS cost_usd,
    list_sort(list(DISTINCT version_tag) FILTER (version_tag IS NOT NULL)) AS tags
FROM runs
WHERE $agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent
GROUP BY ALL
ORDER BY gen_ai_agent_name, version, kind, outcome;
