-- Takes lines of whole journals ($runs, $seqs, $lines: one entry per line) and keeps of each journal the records up to
-- the first line that is not the next link of its chain. The hash covers a zero byte and the line without its own hash.
CREATE OR REPLACE TEMP TABLE loaded AS
WITH written AS (
    SELECT unnest($runs::VARCHAR[]) AS run, unnest($seqs::BIGINT[]) AS seq, unnest($lines::VARCHAR[]) AS line,
        generate_subscripts($lines::VARCHAR[], 1) AS place
),
parsed AS (
    SELECT place, run, seq, line, json_transform(
        CASE WHEN json_valid(line) THEN line END,
        '{"v": "BIGINT", "run": "VARCHAR", "seq": "BIGINT", "epoch": "BIGINT", "time": "TIMESTAMP", "type": "VARCHAR",
          "data": "JSON", "prev": "VARCHAR", "h": "VARCHAR"}'
    ) AS record
    FROM written
),
judged AS (
    SELECT *, coalesce(
        list_contains($journal_versions, record.v)
        AND record.run = run
        AND record.seq = seq
        AND record.epoch IS NOT NULL
        AND record.time BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '9999-12-31'  -- there are none that programs read beyond
        AND record.type IS NOT NULL
        AND record.data IS NOT NULL
        AND record.prev = lag(record.h, 1, $genesis) OVER (PARTITION BY run ORDER BY seq)
        AND record.h = sha256('\x00'::BLOB || encode(replace(line, '"h":"' || record.h || '",', ''))),
        FALSE
    ) AS holds
    FROM parsed
)
SELECT place, run, seq, record.epoch, record.time, record.type, record.data, record.h AS hash
FROM judged
QUALIFY bool_and(holds) OVER (PARTITION BY run ORDER BY seq);
