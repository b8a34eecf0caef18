"""The proof: what each rule allows and forbids, and that breaking a rule breaks a test."""
