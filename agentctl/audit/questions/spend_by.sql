-- What was spent, by agent, principal, owner, model, deployment, tool, version, environment, run or day; the most first.
WITH used AS (
    SELECT
        run, asked_at AS time, gen_ai_request_model AS model, deployment, NULL AS tool, cost_usd,
        gen_ai_usage_input_tokens AS input_tokens, gen_ai_usage_output_tokens AS output_tokens, 1 AS model_calls, 0 AS tool_calls
    FROM model_calls
    UNION ALL
    SELECT
        spend.run, spend.time, NULL, NULL, tool_calls.gen_ai_tool_name, spend.cost_usd,
        spend.gen_ai_usage_input_tokens, spend.gen_ai_usage_output_tokens, 0, 1
    FROM spend
    JOIN tool_calls ON tool_calls.run = spend.run AND tool_calls.call = spend.spender
    WHERE spend.type = 'tool.result'
)
SELECT
    CASE $argument
        WHEN 'agent' THEN gen_ai_agent_name
        WHEN 'principal' THEN principal
        WHEN 'owner' THEN owner
        WHEN 'model' THEN model
        WHEN 'deployment' THEN deployment
        WHEN 'tool' THEN tool
        WHEN 'version' THEN coalesce(version_tag, version)
        WHEN 'environment' THEN environment
        WHEN 'run' THEN run
        WHEN 'day' THEN strftime(time, '%Y-%m-%d')
    END AS spender,
    count(DISTINCT run) AS runs,
    coalesce(sum(used.cost_usd), 0)::DECIMAL(38, 12) AS cost_usd,
    coalesce(sum(input_tokens), 0)::BIGINT AS tokens_in,
    coalesce(sum(output_tokens), 0)::BIGINT AS tokens_out,
    sum(used.model_calls)::BIGINT AS model_calls,
    sum(used.tool_calls)::BIGINT AS tool_calls
FROM used
JOIN runs USING (run)
WHERE
    ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR time >= $since)
GROUP BY spender
HAVING spender IS NOT NULL
ORDER BY cost_usd DESC, spender;
