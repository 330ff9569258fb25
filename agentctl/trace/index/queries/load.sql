-- Takes links of whole journals into `loaded`, an entry per link, in the order of their journals and of their place there. That was
-- checked; what is no record all the same is taken away at last (`cut_off`).
INSERT INTO loaded
WITH links AS (SELECT unnest($stamps) AS stamp, unnest($data) AS data),
told AS (SELECT string_split(stamp, ' ') AS told, data FROM links)
SELECT told[1], told[2]::BIGINT, told[3]::BIGINT, TRY_CAST(told[4] AS TIMESTAMP), told[5], data, told[6]
FROM told;
