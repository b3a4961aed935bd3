"""Who may do what: one pure function, asked at every door and again where the act is done."""
