"""The privacy centre: who you are, what you want, how you show it; then what became of it. Nobody needs an account."""
