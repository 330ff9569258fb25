-- Takes the links of the journal of labels, an entry per link: $seqs, $stamps, $data. What is no label is left out; whoever
-- counts on labels sees that there are fewer than links.
INSERT INTO labels
WITH links AS (
    SELECT unnest($seqs::BIGINT[]) AS seq, unnest($stamps::VARCHAR[]) AS stamp, unnest($data::VARCHAR[]) AS data
),
told AS (
    SELECT seq, stamp, json_transform(CASE WHEN json_valid(data) THEN data END, '{
        "run": "VARCHAR", "label": "VARCHAR", "by": {"id": "VARCHAR", "kind": "VARCHAR", "assurance": "VARCHAR"},
        "reason": "VARCHAR"
    }') AS said
    FROM links
)
SELECT
    said.run,
    seq,
    TRY_CAST(substring(stamp, 65, 27) AS TIMESTAMP) AS time,
    said.label,
    said."by".id,
    said."by".kind,
    said."by".assurance,
    said.reason,
    substring(stamp, 1, 64)
FROM told
WHERE
    substring(stamp, 92) = 'labelsrun.labelled'
    AND said.run IS NOT NULL
    AND said.label IN ('good', 'bad', 'overridden')
    AND said."by".id IS NOT NULL
    AND said.reason IS NOT NULL;
