-- Who said what, by the digest of it; the words themselves are in `contents`.
SELECT run, seq, time, role, step, call, digest, asked_for, labels, run_kind
FROM of_messages
LEFT JOIN of_kinds USING (run)
