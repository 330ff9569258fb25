-- The journals that may have been written to since they were taken in: those that are not closed, and all of dates that are
-- not $kept, which have ten characters. Evals lie in a folder that is never kept.
SELECT run, path, size, changed
FROM {where}.journals
WHERE NOT closed OR left(path, 10) NOT IN (SELECT unnest($kept::VARCHAR[]));
