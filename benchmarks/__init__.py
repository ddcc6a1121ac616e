"""Measures what a call costs, as ratios to a bare Flask service that only parses the body: ``make bench``."""
