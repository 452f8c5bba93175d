"""Pages for the operator's own people. None of them shows customer data without a grant."""
