-- Notes of which files the records were taken: $runs, $paths, $sizes, $changes, $lines, one entry per journal.
INSERT INTO journals
WITH taken AS (
    SELECT
        unnest($runs::VARCHAR[]) AS run,
        unnest($paths::VARCHAR[]) AS path,
        unnest($sizes::BIGINT[]) AS size,
        unnest($changes::BIGINT[]) AS changed,
        unnest($lines::BIGINT[]) AS lines
),
counted AS (
    SELECT run, count(*) AS records
    FROM loaded
    GROUP BY run
)
SELECT taken.*, coalesce(counted.records, 0)
FROM taken
LEFT JOIN counted USING (run);
