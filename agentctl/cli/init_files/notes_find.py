"""The code of the tool `notes.find`: a function that takes the arguments by name and returns JSON.

It runs in a process of its own, and this file is part of the contract's version: a changed note is another version.
"""

import re

MOST = 3

NOTES = (
    {
        "title": "Expenses",
        "text": "Send receipts within 30 days. Up to 50 USD nobody has to agree; above that your manager does.",
    },
    {
        "title": "Holidays",
        "text": "Ask two weeks ahead. Days that are left over may be taken until the end of March.",
    },
    {
        "title": "Laptops",
        "text": "A laptop is replaced after four years, or at once when it is broken.",
    },
)


def find(question: str) -> dict[str, list[dict[str, str]]]:
    """Return the notes that share words with a question, the best first."""
    asked = words(question)
    shared = {note["title"]: len(asked & words(f"{note['title']} {note['text']}")) for note in NOTES}
    found = [note for note in NOTES if shared[note["title"]]]
    return {"notes": sorted(found, key=lambda note: -shared[note["title"]])[:MOST]}


def words(text: str) -> set[str]:
    """Return the words of a text that say something: those of four letters and more."""
    return set(re.findall(r"[a-z]{4,}", text.lower()))
