"""Stands in for systemd: listens for a program, passes it the sockets, and hears how it is (sd_listen_fds(3), sd_notify(3)).

usage: supervisor.py DIRECTORY UNIX-SOCKET PROGRAM ARGUMENT...

Listens on the unix socket and on a free port of 127.0.0.1, by the names `api` and `tcp`. A line `start` on its input starts the program;
what happens is told in lines of JSON: {"port": n}, {"pid": n}, {"told": {"READY": "1", ...}}, {"exit": code}.
"""

import fcntl
import json
import os
import socket
import sys
import threading

directory, path, *command = sys.argv[1:]
out_lock = threading.Lock()


def tell(what):
    with out_lock:
        print(json.dumps(what), flush=True)


def hear(listener):
    while True:
        lines = listener.recv(65536).decode().splitlines()
        tell({"told": dict(line.split("=", 1) for line in lines)})


def start(sockets, environment):
    pid = os.fork()
    if pid == 0:
        # Out of the way first: they may have these numbers themselves, in another order.
        copies = [fcntl.fcntl(passed, fcntl.F_DUPFD, 100) for passed in sockets]
        for number, copy in enumerate(copies, 3):
            os.dup2(copy, number)
            os.close(copy)
        os.execve(command[0], command, {**environment, "LISTEN_PID": str(os.getpid())})
    tell({"pid": pid})
    tell({"exit": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])})


api = socket.socket(socket.AF_UNIX)
api.bind(path)
tcp = socket.socket(socket.AF_INET)
tcp.bind(("127.0.0.1", 0))
sockets = [api, tcp]
for passed in sockets:
    passed.listen(64)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
# A name of the abstract space, as systemd may use one.
notify.bind("\0" + directory + "/notify")
threading.Thread(target=hear, args=(notify,), daemon=True).start()
tell({"port": tcp.getsockname()[1]})

environment = {
    **os.environ,
    "LISTEN_FDS": str(len(sockets)),
    "LISTEN_FDNAMES": "api:tcp",
    "NOTIFY_SOCKET": "@" + directory + "/notify",
    "WATCHDOG_USEC": "300000",
}
for line in sys.stdin:
    start(sockets, environment)
