"""The use cases of contracts and policies: made, checked, tagged, compared, explained, derived."""
