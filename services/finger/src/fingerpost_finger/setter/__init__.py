"""The setter: two lines, a name and a status, and a token as third; and AMP for people of this machine."""
