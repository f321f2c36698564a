"""The world that Starling knows: tasks, facts and phrasings, all written for this project."""
