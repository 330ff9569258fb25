-- Takes the links of the journal of labels, an entry per link: $stamps, $data. What is no label is left out; whoever
-- counts on labels sees that there are fewer than links.
INSERT INTO labels
WITH links AS (
    SELECT unnest($stamps::VARCHAR[]) AS stamp, unnest($data::VARCHAR[]) AS data
),
told AS (
    SELECT string_split(stamp, ' ') AS told, json_transform(CASE WHEN json_valid(data) THEN data END, '{
        "run": "VARCHAR", "label": "VARCHAR", "by": {"id": "VARCHAR", "kind": "VARCHAR", "assurance": "VARCHAR"},
        "reason": "VARCHAR"
    }') AS said
    FROM links
)
SELECT
    said.run,
    told[2]::BIGINT,
    TRY_CAST(told[4] AS TIMESTAMP),
    said.label,
    said."by".id,
    said."by".kind,
    said."by".assurance,
    said.reason,
    told[6]
FROM told
WHERE
    told[1] = 'labels'
    AND told[5] = 'run.labelled'
    AND said.run IS NOT NULL
    AND said.label IN ('good', 'bad', 'overridden')
    AND said."by".id IS NOT NULL
    AND said.reason IS NOT NULL;
