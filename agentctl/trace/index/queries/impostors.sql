-- What stands where a base table of ours should: a view could name any file, and would be read before the lock-down.
SELECT view_name
FROM duckdb_views()
WHERE list_contains($tables::VARCHAR[], view_name) AND database_name NOT IN ('memory', 'system', 'temp');
