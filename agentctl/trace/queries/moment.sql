-- A moment as records write it; NULL where it is none.
CREATE OR REPLACE TEMP MACRO moment(text) AS TRY_CAST(text AS TIMESTAMP);
