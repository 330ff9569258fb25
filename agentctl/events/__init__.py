"""The shared vocabulary of all readers and writers of a journal; one small file per family."""
