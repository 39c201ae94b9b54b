# redis-rb with its sentinel options. Arguments: the group, then each sentinel as HOST:PORT.
# Reads lines "KEY VALUE", writes "OK" or "ERROR what" for each.
require "redis"

group, *addresses = ARGV
sentinels = addresses.map do |address|
  host, port = address.split(":")
  { host: host, port: Integer(port) }
end
redis = Redis.new(url: "redis://#{group}", sentinels: sentinels, role: :master)
$stdout.sync = true
$stdin.each_line(chomp: true) do |line|
  key, value = line.split(" ", 2)
  begin
    puts redis.set(key, value)
  rescue Redis::BaseError => error
    puts "ERROR #{error.message.tr("\n", " ")}"
  end
end
