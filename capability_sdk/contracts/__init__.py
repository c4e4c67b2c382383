"""The shared contracts between center, province and caller: pydantic and the standard library only.

Contracts on the wire between center and edge carry ``schema``, are additive and ignore unknown
members (`Wire`). What people write, such as a manifest, refuses unknown members (`Strict`).
"""
