<?php
/* phpredis: RedisSentinel says where the master is, Redis writes to it. Arguments: the group, then each sentinel as HOST:PORT.
 * Reads lines "KEY VALUE", writes "OK" or "ERROR what" for each. */
function connectToMaster(string $group, array $sentinels): Redis
{
    foreach ($sentinels as $address) {
        [$host, $port] = explode(':', $address);
        try {
            $master = (new RedisSentinel($host, (int) $port))->getMasterAddrByName($group);
        } catch (RedisException) {
            continue;
        }
        if (!is_array($master)) continue;
        $redis = new Redis();
        $redis->connect($master[0], (int) $master[1]);
        return $redis;
    }
    throw new RedisException('no sentinel names a master');
}

[, $group] = $argv;
$sentinels = array_slice($argv, 2);
$redis = null;
while (($line = fgets(STDIN)) !== false) {
    [$key, $value] = explode(' ', rtrim($line, "\n"), 2);
    try {
        $redis ??= connectToMaster($group, $sentinels);
        $answer = $redis->set($key, $value) ? 'OK' : 'ERROR ' . $redis->getLastError();
    } catch (RedisException $error) {
        $answer = 'ERROR ' . $error->getMessage();
    }
    if ($answer !== 'OK') $redis = null;
    echo $answer, "\n";
}
