"""What follows from the findings: tests, what the pattern points to, lifestyle advice."""
