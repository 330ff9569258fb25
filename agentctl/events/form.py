"""The form of a journal, for all who need no more of it than that: what loads quickly."""

JOURNAL_VERSION = 2
"""The version of the journal's form. A released version replays for ever; a new form gets a new number."""

READABLE_VERSIONS = (1, 2)
"""Every version that is read. A field that a later version added is left out of a record where it has its default, so that
a record of an earlier version is written again as it was."""

GENESIS = "0" * 64
"""What the first record of a journal names as its predecessor."""
