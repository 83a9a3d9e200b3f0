"""How gunicorn runs the service; `twitch-cds serve` uses this file.

Threads, because a call may wait for an EHR's FHIR server, and a client may be slow; preloaded, so that the
workers share the knowledge and the compiled schemas. WEB_CONCURRENCY and a command
line's --workers, --threads and --bind override what stands here.

The workers count what /metrics tells in files of PROMETHEUS_MULTIPROC_DIR: a folder of
this service alone, emptied at its start. Without the variable there is a temporary one,
which the master holds locked while it lives: one without a lock was left by a dead master.
"""

import atexit
import fcntl
import gc
import os
import shutil
import signal
import sys
import tempfile
from itertools import count
from multiprocessing import current_process
from pathlib import Path

# In memory, where there is such a folder with room: a heartbeat or a count on a slow disk stalls the workers.
SHM, ROOM = "/dev/shm", 16 << 20  # noqa: S108 -- files are made there safely
MEMORY = SHM if Path(SHM).is_dir() and shutil.disk_usage(SHM).free > ROOM else None
VARIABLE, OWN = "PROMETHEUS_MULTIPROC_DIR", "twitch-cds-counts-"
# A reload runs this file once more, when all is counted already; a master that replaces another may inherit
# the other's temporary folder, which goes when the other does.
FIRST = "prometheus_client" not in sys.modules
MASTER = os.getpid()


def lock(folder):
    """Hold a folder for as long as this process and its workers live; None if another one does."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def remove_left_over():
    """Remove the temporary folders of masters that were killed."""
    for folder in Path(MEMORY or tempfile.gettempdir()).glob(f"{OWN}*"):
        if folder.is_dir() and os.access(folder, os.W_OK) and (held := lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def remove_own():
    """Remove the temporary folder; a worker that ends leaves it."""
    if os.getpid() == MASTER:
        shutil.rmtree(FOLDER, ignore_errors=True)


FOLDER = os.environ.get(VARIABLE, "")
if not FOLDER or (FIRST and Path(FOLDER).name.startswith(OWN)):
    # gunicorn takes signals only once the app is loaded; until then SIGTERM would leave the folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    remove_left_over()
    FOLDER = tempfile.mkdtemp(prefix=OWN, dir=MEMORY)
    HELD = lock(FOLDER)
    atexit.register(remove_own)
Path(FOLDER).mkdir(parents=True, exist_ok=True)
# Before prometheus_client is imported, which decides by it how it counts.
os.environ[VARIABLE] = FOLDER

from prometheus_client import multiprocess, values  # noqa: E402

from service.web.process.count_files import CountFile  # noqa: E402

if FIRST:
    # In files that fail no call.
    values.MmapedDict = CountFile
    # By default the files bear the number of the process: every worker that is replaced would leave some, and
    # /metrics would read them all for ever. A name is taken over, and so are the counts.
    values.ValueClass = values.MultiProcessValue(lambda: current_process().name)

wsgi_app = "service.web:create_app_from_env()"
bind = ["127.0.0.1:8000"]

worker_class = "service.web.process.worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
threads = 16
preload_app = True

timeout = 30
graceful_timeout = 10
keepalive = 5
# A worker is replaced now and then, so that a slow leak never becomes an outage.
max_requests = 20_000
max_requests_jitter = 2_000

# The control socket lets anybody with access to the home directory steer the service.
control_socket_disable = True
worker_tmp_dir = MEMORY

# The service writes its own log, which holds no query strings and no bodies.
accesslog = None


def on_starting(server):
    """Begin all counts at 0."""
    for file in Path(FOLDER).glob("*.db"):
        file.unlink()


def pre_fork(server, worker):
    """Give the worker the first name that no living worker has."""
    taken = {other.name for other in server.WORKERS.values()}
    worker.name = next(name for name in map("worker-{}".format, count()) if name not in taken)


def post_fork(server, worker):
    """Take the name."""
    current_process().name = worker.name


def child_exit(server, worker):
    """What a worker said of its present state holds no longer; what it counted does."""
    multiprocess.mark_process_dead(worker.name)


def when_ready(server):
    """Keep what was loaded out of every later garbage collection, and out of the workers' copied pages."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """Collect less often: a large Bundle makes many objects and no cycles."""
    gc.set_threshold(50_000, 20, 100)
