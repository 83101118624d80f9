"""The platform as a process for each service, the workers and the gateway, under one supervisor.

    command     `hutong cluster`
    cluster     which processes there are, at which addresses, with which settings; start and stop
    keeper      starts all at once, restarts who dies, stops in order
    child       one process below this one
    logs        what all of them write, in one stream
    listing     the file in the home that says where each process is

The processes are those of `hutong serve`, and know nothing of a supervisor.
"""
