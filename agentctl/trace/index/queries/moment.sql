-- A moment as records write it; NULL where it is none that programs can read.
CREATE OR REPLACE TEMP MACRO moment(text) AS
    CASE WHEN TRY_CAST(text AS TIMESTAMP) BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '9999-12-31'
        THEN TRY_CAST(text AS TIMESTAMP) END;
