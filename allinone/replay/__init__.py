"""Real baskets through the platform: a till client sells the public data set `completejourney`.

It knows the platform by its contracts only, as any till does, and checks the books afterwards
against the data, to the cent.
"""
