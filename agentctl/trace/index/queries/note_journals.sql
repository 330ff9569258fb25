-- Notes of which files the records were taken: $runs, $paths, $sizes, $changes, $lines, $torn, one entry per journal.
INSERT INTO journals
WITH taken AS (
    SELECT
        unnest($runs::VARCHAR[]) AS run,
        unnest($paths::VARCHAR[]) AS path,
        unnest($sizes::BIGINT[]) AS size,
        unnest($changes::BIGINT[]) AS changed,
        unnest($lines::BIGINT[]) AS lines,
        unnest($torn::BOOLEAN[]) AS torn
),
counted AS (
    SELECT run, count(*) AS records, arg_max(type, seq) AS last_type
    FROM loaded
    GROUP BY run
),
replaying AS (
    SELECT DISTINCT run FROM of_runs WHERE envelope.kind = 'replay'
)
SELECT
    taken.run,
    path,
    size,
    changed,
    lines,
    coalesce(records, 0),
    -- At an end, and whole to the last byte: nobody writes to such a journal again.
    NOT torn AND coalesce(records, 0) = lines AND CASE last_type
        WHEN 'run.finished' THEN replaying.run IS NULL
        ELSE last_type IN ('replay.judged', 'eval.finished')
    END IS TRUE AS closed
FROM taken
LEFT JOIN counted ON counted.run = taken.run
LEFT JOIN replaying ON replaying.run = taken.run;
