"""Stand-ins on loopback for the services that Driftloop talks to, and the demo world. Production code never imports
this package.
"""
