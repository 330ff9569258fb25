-- Every time somebody decided where the rules alone had not: answers, grants, raised ceilings, calls in doubt resolved.
WITH overridden AS (
    SELECT
        run,
        seq,
        time,
        CASE type WHEN 'approval.answered' THEN answer ELSE 'grant' END AS act,
        reviewer.id AS reviewer,
        reviewer.assurance AS reviewer_assurance,
        reason,
        binding.call
    FROM of_approvals
    WHERE type IN ('approval.answered', 'approval.grant') AND reviewer.kind = 'person'
    UNION ALL
    SELECT run, seq, time, 'raise', reviewer.id, reviewer.assurance, reason, NULL
    FROM of_budgets
    WHERE type = 'budget.raised' AND reviewer.kind = 'person'
    UNION ALL
    SELECT run, seq, time, verdict, "by".id, "by".assurance, reason, call
    FROM of_tools
    WHERE type = 'tool.resolved'
)
SELECT overridden.*, run_kind
FROM overridden
LEFT JOIN of_kinds ON of_kinds.run = overridden.run
