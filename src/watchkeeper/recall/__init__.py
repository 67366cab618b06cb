"""What was seen before: log statements by meaning, past incidents, runbooks. Pure: text and vectors in, rankings out."""
