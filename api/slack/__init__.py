"""Attest in Slack: the same answers, where the team already is."""
