"""Who acts for whom, and the short-lived credential that says so for one call."""
