"""Commands of `stalegrad` that have a module of their own; each has `add(commands)` and loads what it needs when it runs."""
