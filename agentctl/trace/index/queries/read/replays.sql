-- What replays came to.
CREATE OR REPLACE TEMP TABLE of_replays AS
SELECT run, seq, time, unnest(json_transform(data, '{
    "fidelity": "VARCHAR", "step": "BIGINT", "cause": "VARCHAR", "detail": "VARCHAR", "exact": "BIGINT",
    "drift": "BIGINT", "missed": "BIGINT", "from_tape": ["VARCHAR"]
}'))
FROM loaded
WHERE type = 'replay.judged';
