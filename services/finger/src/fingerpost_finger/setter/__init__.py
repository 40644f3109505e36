"""The setter: the tutorial's two lines, a name and a status, and an answer that says what became of them."""
