WHERE list_contains($runs::VARCHAR[], run)  -- a filter, not a join: it reaches the events below
ORDER BY started_at DESC, run DESC;
