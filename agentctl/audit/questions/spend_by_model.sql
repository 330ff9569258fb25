-- What was spent, by model or deployment; the most first.
SELECT
    CASE $argument WHEN 'model' THEN gen_ai_request_model WHEN 'deployment' THEN deployment END AS spender,
    count(DISTINCT run) AS runs,
    coalesce(sum(model_calls.cost_usd), 0)::DECIMAL(38, 12) AS cost_usd,
    coalesce(sum(gen_ai_usage_input_tokens), 0)::BIGINT AS tokens_in,
    coalesce(sum(gen_ai_usage_output_tokens), 0)::BIGINT AS tokens_out,
    count(*) AS model_calls
FROM model_calls
WHERE
    ($agent::VARCHAR IS NULL OR run IN (SELECT run FROM runs WHERE gen_ai_agent_name = $agent))
    AND ($since::TIMESTAMP IS NULL OR asked_at >= $since)
GROUP BY spender
ORDER BY cost_usd DESC, spender;
