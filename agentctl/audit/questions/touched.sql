-- Every call that names something, in its arguments, its facts or its effect's name; `attempts` 0: it was not executed.
WITH named AS (
    SELECT
        *,
        contains(arguments::VARCHAR, to_json($argument)::VARCHAR)
            OR list_contains(regexp_extract_all(arguments::VARCHAR, '[:\[,](-?[0-9.]+)', 1), $argument) AS in_arguments,
        contains(facts::VARCHAR, to_json($argument)::VARCHAR) AS in_facts,
        effect_key = $argument OR list_contains(string_split(effect_key, ':'), $argument) AS in_effect_key
    FROM tool_calls
)
SELECT
    coalesce(named.ended_at, proposed_at) AS time, gen_ai_tool_name AS tool, effect, outcome, attempts, gen_ai_agent_name AS agent,
    runs.principal,
    list_filter(
        [
            CASE WHEN in_arguments THEN 'arguments' END,
            CASE WHEN in_facts THEN 'facts' END,
            CASE WHEN in_effect_key THEN 'effect_key' END
        ],
        lambda place: place IS NOT NULL
    ) AS named_in,
    call
FROM named
JOIN runs USING (run)
WHERE
    (in_arguments OR in_facts OR in_effect_key)
    AND ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR coalesce(named.ended_at, proposed_at) >= $since)
ORDER BY time DESC, call DESC;
