"""Who may do what: proofs and what they are checked against, by twisted.cred; and what the administrator may change."""
