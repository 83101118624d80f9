"""What orders cost, how many there can be, and whether all that was acknowledged is in the books.

Every load is compared with the books after it: each order that was answered with OK is there, with
its stock and its money, and none that was refused is. A difference fails the benchmark.
"""
