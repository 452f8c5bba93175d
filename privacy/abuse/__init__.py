"""Reports of unwanted texts: anybody may send one, staff follow it up, and its words are soon forgotten."""
