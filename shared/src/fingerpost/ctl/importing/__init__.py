"""`fingerctl user import`: people out of files of several forms, however many there are."""
