-- Which runs a list shows, behind `run_rows`; {{labelled}} is a condition on what was said of them (`labelled`), or none.
WHERE
    ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($principal::VARCHAR IS NULL OR principal = $principal)
    AND ($kind::VARCHAR IS NULL OR kind = $kind)
    AND ($status::VARCHAR IS NULL OR $status IN (status, reason))
    AND ($since::VARCHAR IS NULL OR started_at >= $since::TIMESTAMP)
    AND ($until::VARCHAR IS NULL OR started_at < $until::TIMESTAMP)
    AND {labelled}
ORDER BY started_at DESC, run DESC
LIMIT $limit;
