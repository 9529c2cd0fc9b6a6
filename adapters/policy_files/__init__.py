"""Policy folders: YAML files read with the line and column of everything, so that every mistake can be pointed at."""
