-- What was spent, by tool; the most first. A call that was not executed spent nothing.
SELECT
    gen_ai_tool_name AS spender,
    count(DISTINCT spend.run) AS runs,
    coalesce(sum(spend.cost_usd), 0)::DECIMAL(38, 12) AS cost_usd,
    sum(spend.tool_calls)::BIGINT AS tool_calls
FROM spend
JOIN tool_calls ON tool_calls.run = spend.run AND tool_calls.call = spend.spender
WHERE
    $argument = 'tool'
    AND spend.type = 'tool.result'
    AND ($agent::VARCHAR IS NULL OR spend.run IN (SELECT run FROM runs WHERE gen_ai_agent_name = $agent))
    AND ($since::TIMESTAMP IS NULL OR spend.time >= $since)
GROUP BY gen_ai_tool_name
ORDER BY cost_usd DESC, tool_calls DESC, gen_ai_tool_name;
