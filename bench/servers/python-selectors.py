"""Echo over Python's selectors module: one recv and one send for each ready connection.

What the peer does not take is kept with the connection, which is then watched for writing
only. Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
"""

import os
import selectors
import socket
import sys

BUFFER_SIZE = 64 * 1024
BACKLOG = 4096

selector = selectors.DefaultSelector()


def on_acceptable(listener, _events):
    while True:
        try:
            connection, _address = listener.accept()
        except BlockingIOError:
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, on_readable)


def close(connection):
    selector.unregister(connection)
    connection.close()


def on_readable(connection, _events):
    try:
        received = connection.recv(BUFFER_SIZE)
    except BlockingIOError:
        return
    except OSError:
        return close(connection)
    if not received:
        return close(connection)
    try:
        sent = connection.send(received)
    except BlockingIOError:
        sent = 0
    except OSError:
        return close(connection)
    if sent < len(received):
        wait_for_writing(connection, memoryview(received)[sent:])


def wait_for_writing(connection, unsent):
    def on_writable(connection, _events):
        nonlocal unsent
        try:
            unsent = unsent[connection.send(unsent) :]
        except BlockingIOError:
            return
        except OSError:
            return close(connection)
        if not unsent:
            selector.modify(connection, selectors.EVENT_READ, on_readable)

    selector.modify(connection, selectors.EVENT_WRITE, on_writable)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ, on_acceptable)
    try:
        selector.register(sys.stdin, selectors.EVENT_READ, lambda _file, _events: os._exit(0))
    except PermissionError:
        pass  # a regular file or /dev/null as stdin cannot be polled: only a signal ends us
    print(f"PORT {listener.getsockname()[1]}", flush=True)
    while True:
        for key, events in selector.select():
            key.data(key.fileobj, events)


main()
