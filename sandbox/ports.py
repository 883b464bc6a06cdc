"""Free ports on loopback."""

import socket


def listening_socket() -> socket.socket:
    """A socket bound to a free port of 127.0.0.1: hand it to a server, so that nobody else can take the port in
    between.
    """
    # With its protocol named, or asyncio does not switch off Nagle's algorithm and every answer waits 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound


def free_ports(count: int) -> list[int]:
    """Distinct ports that were free a moment ago, for programs that take a number and no socket."""
    sockets = [listening_socket() for _ in range(count)]
    ports = [bound.getsockname()[1] for bound in sockets]
    for bound in sockets:
        bound.close()
    return ports
