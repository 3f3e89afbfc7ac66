"""Rendering on the server, with the client's own code: for callers without the SDK and for previews.

`render` says what is rendered and when that may happen in this process; everything else happens in
`limited`, whose processes run `child`.
"""
