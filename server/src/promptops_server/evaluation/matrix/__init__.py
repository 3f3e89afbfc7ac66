"""The compatibility matrix: which prompt works on which target, and the run that shows it."""
