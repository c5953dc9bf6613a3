"""Intervals, ranks, two-sample tests and life tables: plain numbers and arrays in, small frozen values out.

Nothing here knows of frames, people or programmes. Input is checked by the public functions that call this layer.
"""
