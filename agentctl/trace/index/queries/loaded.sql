-- Records on their way into the tables. Their rows are numbered in the order in which they came: `rowid` is a record's place.
CREATE OR REPLACE TEMP TABLE loaded (
    run   VARCHAR,
    seq   BIGINT,
    epoch BIGINT,
    time  TIMESTAMP,
    type  VARCHAR,
    data  VARCHAR,
    hash  VARCHAR
);
