-- Takes links of whole journals, an entry per link, in the order of their journals and of $seqs. Their place in the chain was
-- checked; what is no record all the same is taken away next (`cut_off`).
CREATE OR REPLACE TEMP TABLE loaded AS
WITH links AS (
    SELECT
        generate_subscripts($seqs::BIGINT[], 1) AS place,
        unnest($seqs::BIGINT[]) AS seq,
        unnest($epochs::BIGINT[]) AS epoch,
        unnest($stamps::VARCHAR[]) AS stamp,
        unnest($data::VARCHAR[]) AS data
)
SELECT
    place,
    substring(stamp, 92, 26) AS run,
    seq,
    epoch,
    TRY_CAST(substring(stamp, 65, 27) AS TIMESTAMP) AS time,
    substring(stamp, 118) AS type,
    data,
    substring(stamp, 1, 64) AS hash
FROM links;
