"""Taking a person out of every table, by a plan that the inventory makes."""
