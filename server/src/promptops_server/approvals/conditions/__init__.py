"""The conditions that the gate asks of every version where approval is required, one file each."""
