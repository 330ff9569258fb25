-- What a batch of nothing looks like; tables are made in the form of what is derived from it.
CREATE OR REPLACE TEMP TABLE loaded (
    place BIGINT, run VARCHAR, seq BIGINT, epoch BIGINT, time TIMESTAMP, type VARCHAR, data JSON, hash VARCHAR
);
