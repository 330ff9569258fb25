-- One row per replay that is over: what it replays, and how far it is the same.
WITH judged AS (
    SELECT run, seq, time, json_transform(data, '{
        "fidelity": "VARCHAR", "step": "BIGINT", "cause": "VARCHAR", "detail": "VARCHAR", "exact": "BIGINT",
        "drift": "BIGINT", "missed": "BIGINT", "from_tape": ["VARCHAR"]
    }') AS told
    FROM loaded
    WHERE type = 'replay.judged'
),
begun AS (
    SELECT run, any_value(envelope.replay) AS replay FROM of_runs WHERE type = 'run.started' GROUP BY run
)
SELECT
    judged.run,
    judged.seq,
    judged.time,
    begun.replay.run AS source_run,
    begun.replay.mode,
    begun.replay.version,
    judged.told.fidelity,
    judged.told.step,
    judged.told.cause,
    judged.told.detail,
    judged.told.exact,
    judged.told.drift,
    judged.told.missed,
    judged.told.from_tape
FROM judged
LEFT JOIN begun ON begun.run = judged.run
