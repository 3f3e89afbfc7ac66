"""What is known about models: families, sizes, prices, and what a provider refuses.

Owns the catalogue's files (`models.yaml`, `contracts.yaml`, one more per installation), finding an entry by any name a
model goes by, and changing a request by the contracts of an entry. Leaves sending it to `wire` and the endpoints to
`targets`. Nothing is read before the first question.
"""
