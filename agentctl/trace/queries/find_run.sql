-- A few more than one are enough to say that a prefix is not unique.
SELECT run
FROM journals
WHERE starts_with(run, $prefix)
ORDER BY run DESC
LIMIT $limit;
