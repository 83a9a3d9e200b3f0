"""What a served process is made of: its worker, its counts, its metrics and its rate limits."""
