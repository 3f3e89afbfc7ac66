"""Releases at a time: made, listed, cancelled, carried out.

A schedule pins its versions when it is made and is carried out by the ordinary publish, through the same gate, as the
person who made it with the roles they hold then. Its row changes in the transaction of its release, so it is carried
out once or not at all.
"""
