-- One row per request and answer to it; a request that nobody answered has one row without an answer.
WITH requested AS (SELECT * FROM of_approvals WHERE type = 'approval.requested'),
answered AS (SELECT * FROM of_approvals WHERE type = 'approval.answered'),
expired AS (SELECT DISTINCT run, approval FROM of_approvals WHERE type = 'approval.expired')
SELECT
    requested.run,
    requested.approval,
    requested.binding.call,
    requested.tool AS gen_ai_tool_name,
    requested.requester,
    requested.actor,
    requested.reviewers,
    requested.quorum,
    requested.time AS requested_at,
    moment(requested.expires_at) AS expires_at,
    expired.approval IS NOT NULL AS expired,
    answered.time AS answered_at,
    answered.answer,
    answered.reviewer.id AS reviewer,
    answered.reviewer.kind AS reviewer_kind,
    answered.reviewer.assurance AS reviewer_assurance,
    answered.reason,
    requested.binding.arguments_digest,
    requested.binding.view_digest,
    requested.risk_tier,
    answered.changes,
    answered.reviewer.key AS reviewer_key,
    run_kind
FROM requested
LEFT JOIN answered ON answered.run = requested.run AND answered.approval = requested.approval
LEFT JOIN expired ON expired.run = requested.run AND expired.approval = requested.approval
LEFT JOIN of_kinds ON of_kinds.run = requested.run
