"""Lists of facts, one file a subject. Small on purpose: what is not listed must be answered by a refusal."""
