-- The tables that hold what journals say as it is. What is derived from it stands in `tables/`, a file per table.
-- No keys: one bulk load at a time puts whole journals in.
CREATE TABLE meta (
    schema_version INTEGER,
    duckdb_version VARCHAR
);

-- One row per journal file as it was when its records were taken.
CREATE TABLE journals (
    run     VARCHAR,
    path    VARCHAR,
    size    BIGINT,
    changed BIGINT,   -- nanoseconds since 1970
    lines   BIGINT,   -- complete lines; NULL where the file could not be read
    records BIGINT,   -- lines whose hash and place in the chain hold; fewer than `lines` means damage
    closed  BOOLEAN   -- whole, and its run at an end: nobody writes to it again
);

-- The folders of journals as they were when all that lies in them was taken; only those that had been quiet for a while.
CREATE TABLE folders (
    name    VARCHAR,
    changed BIGINT    -- nanoseconds since 1970
);

-- The journal of labels as it was when it was taken; no row where there is none.
CREATE TABLE labels_journal (
    size    BIGINT,
    changed BIGINT,
    lines   BIGINT,
    records BIGINT
);

-- What people think of runs. `hash` is that of the record.
CREATE TABLE labels (
    run                VARCHAR,
    seq                BIGINT,
    time               TIMESTAMP,
    label              VARCHAR,
    said_by            VARCHAR,
    said_by_kind       VARCHAR,
    said_by_assurance  VARCHAR,
    reason             VARCHAR,
    hash               VARCHAR
);

-- Data are JSON, and shown as JSON; a column of that type would be read once more when it is filled.
CREATE TABLE events (
    run   VARCHAR,
    seq   BIGINT,
    epoch BIGINT,
    time  TIMESTAMP,  -- UTC
    type  VARCHAR,
    data  VARCHAR USING COMPRESSION zstd,  -- what DuckDB tries by itself takes five times as long, for a file thrice as large
    hash  VARCHAR USING COMPRESSION uncompressed, -- half of it could be saved, for a fiftieth of all the work
    run_kind VARCHAR  -- as in `derived.sql`
);

-- Words by their digest: what many runs say is kept once.
CREATE TABLE contents (
    digest  VARCHAR,
    content VARCHAR USING COMPRESSION zstd
);
