"""`python -m allinone` is `hutong`."""

from allinone.command import main

main()
