-- Takes away every record from the first of its journal whose data are no JSON, or whose time is none that programs read.
WITH no_record AS (
    SELECT run, min(seq) AS seq
    FROM loaded
    WHERE NOT json_valid(data) OR time IS NULL OR time NOT BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '9999-12-31'
    GROUP BY run
)
DELETE FROM loaded
USING no_record
WHERE loaded.run = no_record.run AND loaded.seq >= no_record.seq;
