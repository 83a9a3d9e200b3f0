"""How gunicorn runs the service; `twitch-cds serve` and the container use this file.

Threads, because a call may wait for an EHR's FHIR server; preloaded, so that the
workers share the knowledge and the compiled schemas. WEB_CONCURRENCY and a command
line's --workers, --threads and --bind override what stands here.
"""

import gc
import os
from pathlib import Path

wsgi_app = "service.web:create_app_from_env()"
bind = ["127.0.0.1:8000"]

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
threads = 4
preload_app = True

timeout = 30
graceful_timeout = 10
keepalive = 5
# A worker is replaced now and then, so that a slow leak never becomes an outage.
max_requests = 20_000
max_requests_jitter = 2_000

# The control socket lets anybody with access to the home directory steer the service.
control_socket_disable = True
# A heartbeat file on a slow disk stalls the workers.
if Path("/dev/shm").is_dir():  # noqa: S108 -- gunicorn makes its files there safely
    worker_tmp_dir = "/dev/shm"  # noqa: S108

# The service writes its own log, which holds no query strings and no bodies.
accesslog = None


def when_ready(server):
    """Keep what was loaded out of every later garbage collection, and out of the workers' copied pages."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """Collect less often: a large Bundle makes many objects and no cycles."""
    gc.set_threshold(50_000, 20, 100)
