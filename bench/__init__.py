"""Benchmarks: what the design promises, measured on this machine. Nothing here asserts.

    make bench                   all of them
    python -m bench NAME…        some of them

A number is worth something beside another number of the same run: hence the ratios. Numbers of two machines, or of a
busy and an idle one, do not compare.
"""
