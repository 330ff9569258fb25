-- Who said what, by the digest of it; the words themselves are in `contents`.
SELECT run, seq, time, role, step, call, digest, asked_for, labels
FROM of_messages
