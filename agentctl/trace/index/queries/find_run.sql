-- A few more than one are enough to say that a prefix is not unique. The newest of all is one that has begun: between
-- making its file and writing the first line, a run is not there yet.
SELECT run
FROM journals
WHERE
    starts_with(run, $prefix)
    AND ($prefix <> '' OR lines IS DISTINCT FROM 0)
ORDER BY run DESC
LIMIT $limit;
