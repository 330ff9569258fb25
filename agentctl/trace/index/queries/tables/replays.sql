-- One row per replay that is over: what it replays, and how far it is the same.
WITH begun AS (
    SELECT run, any_value(envelope.replay) AS replay FROM of_runs WHERE type = 'run.started' GROUP BY run
)
SELECT
    judged.run,
    judged.seq,
    judged.time,
    begun.replay.run AS source_run,
    begun.replay.mode,
    begun.replay.version,
    judged.fidelity,
    judged.step,
    judged.cause,
    judged.detail,
    judged.exact,
    judged.drift,
    judged.missed,
    judged.from_tape
FROM of_replays AS judged
LEFT JOIN begun ON begun.run = judged.run
