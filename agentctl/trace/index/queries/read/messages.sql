-- Who said what: the input, what models answered, what tools returned. Instructions are named by the run's version.
CREATE OR REPLACE TEMP TABLE of_messages AS
WITH spoken AS (
    SELECT
        run, seq, time, 'user' AS role, NULL::BIGINT AS step, NULL::VARCHAR AS call, input AS content,
        NULL::VARCHAR[] AS asked_for, source.labels AS labels
    FROM of_runs
    WHERE type = 'run.started'
    UNION ALL
    SELECT
        run, seq, time, 'assistant', step, NULL, text, list_transform(calls, lambda asked: asked.name), NULL
    FROM of_models
    WHERE type = 'model.answered' AND review IS NULL
    UNION ALL
    SELECT run, seq, time, 'tool', NULL, call, value->>'$', NULL, source.labels
    FROM of_tools
    WHERE type = 'tool.result' AND purpose = 'agent'
)
SELECT *, 'sha256:' || sha256(content) AS digest
FROM spoken;
