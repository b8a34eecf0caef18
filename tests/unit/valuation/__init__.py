"""Evidence, level, haircut, melting, repayment and the appraisal made of them."""
