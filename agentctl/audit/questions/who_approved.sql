-- Who approved which call, the newest answer first.
SELECT
    answered_at AS time, reviewer, reviewer_kind, reviewer_assurance, approvals.answer, gen_ai_tool_name AS tool, requester,
    approvals.reason, call
FROM approvals
JOIN runs USING (run)
WHERE
    approvals.answer IN ('approve', 'approve_with_changes')
    AND ($argument::VARCHAR IS NULL OR starts_with(call, $argument) OR starts_with(approval, $argument))
    AND ($agent::VARCHAR IS NULL OR gen_ai_agent_name = $agent)
    AND ($since::TIMESTAMP IS NULL OR answered_at >= $since)
ORDER BY answered_at DESC, approval DESC, reviewer;
