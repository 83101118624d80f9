"""What the range has grown by, from 500 products to 2,000.

These tables come behind the first ones, so that numbers which were given out stay what they were.
"""
