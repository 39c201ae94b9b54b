"""redis-py with its sentinel client, as its documentation connects it. Arguments: the group, then each sentinel as HOST:PORT.

Reads lines "KEY VALUE", writes "OK" or "ERROR what" for each.
"""
import sys

from redis.exceptions import RedisError
from redis.sentinel import Sentinel

group, *addresses = sys.argv[1:]
sentinel = Sentinel([tuple(address.rsplit(":", 1)) for address in addresses])
master = sentinel.master_for(group)
for line in sys.stdin:
    key, value = line.rstrip("\n").split(" ", 1)
    try:
        answer = "OK" if master.set(key, value) else "ERROR not set"
    except RedisError as error:
        answer = f"ERROR {error}"
    print(answer.replace("\n", " "), flush=True)
