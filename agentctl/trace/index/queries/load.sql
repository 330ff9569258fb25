-- Takes links of whole journals into `loaded`, an entry per link, in the order of their journals and of $seqs. Their place in the
-- chain was checked; what is no record all the same is taken away at last (`cut_off`).
INSERT INTO loaded
WITH links AS (
    SELECT unnest($seqs) AS seq, unnest($epochs) AS epoch, unnest($stamps) AS stamp, unnest($data) AS data
)
SELECT
    substring(stamp, 92, 26),
    seq,
    epoch,
    TRY_CAST(substring(stamp, 65, 27) AS TIMESTAMP),
    substring(stamp, 118),
    data,
    substring(stamp, 1, 64)
FROM links;
