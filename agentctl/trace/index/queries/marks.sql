SELECT run, path, size, changed, closed
FROM journals
WHERE list_contains($runs::VARCHAR[], run);
