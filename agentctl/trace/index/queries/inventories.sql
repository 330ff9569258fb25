-- What was taken in from each folder, in the words of `journal_files.inventories`. A journal's path ends in its run's 26
-- characters and in `.jsonl`.
SELECT left(path, -33) AS folder, string_agg(concat_ws(' ', right(path, 32), size, changed), chr(10) ORDER BY path)
FROM {where}.journals
GROUP BY folder;
