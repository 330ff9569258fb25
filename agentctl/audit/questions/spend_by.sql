-- What runs spent, by agent, principal, owner, version, environment, run or day of their beginning; the most first.
SELECT
    CASE $argument
        WHEN 'agent' THEN gen_ai_agent_name
        WHEN 'principal' THEN principal
        WHEN 'owner' THEN owner
        WHEN 'version' THEN coalesce(version_tag, version)
        WHEN 'environment' THEN environment
        WHEN 'run' THEN run
        WHEN 'day' THEN strftime(started_at, '%Y-%m-%d')
    END AS spender,
    count(*) AS runs,
    sum(runs.cost_usd)::DECIMAL(38, 12) AS cost_usd,
    sum(gen_ai_usage_input_tokens)::BIGINT AS tokens_in,
    sum(gen_ai_usage_output_tokens)::BIGINT AS tokens_out,
    sum(runs.model_calls)::BIGINT AS model_calls,
    sum(runs.tool_calls)::BIGINT AS tool_calls
FROM runs
WHERE
    ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
GROUP BY spender
ORDER BY cost_usd DESC, spender;
