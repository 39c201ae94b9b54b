/** Scripts that tell Lua 5.1, which Redis embeds, from later ones: the replies must be those of Redis 7.0. */

export const ARG_TABLES: readonly string[] = [
  "local function f(...) local s=0 for i=1,arg.n do s=s+arg[i] end return s end return f(1,2,3)",
  "return arg",
  "local f=loadstring('return arg.n') return f(1,2)",
  "local function f(...) return {arg.n, #arg, arg[1] == nil, arg[2]} end return f(nil, nil)",
  "local function f(...) return {arg.n, #arg, arg[3]} end return f(1, nil, 3)",
  "local function f(...) return arg.n end local r = f() return r",
  "local function f(...) return arg.n end return {f(unpack({}, 1, 300)), f({}), (f(1, 2))}",
  // Of a function that uses `...` it is a local without a value, wherever that is.
  "local function f(...) local x = ... return tostring(arg) end return f(1)",
  "local function f(...) local n = arg and arg.n return {tostring(n), select('#', ...)} end return f(1, 2)",
  "local function f(...) local n = arg.n local x = ... return n end return f(1, 2)",
  "local arg = 'outer' local function f(...) return tostring(arg) .. select('#', ...) end return f(1)",
  "local arg = 'outer' local function f(...) return type(arg) end return f(1)",
  "local function f(a, b, ...) local c, d = 5 return {a, tostring(b), tostring(arg), c, tostring(d), ...} end return {f(1), f(1, 2, 3)}",
  // With parameters before it, one of them of its name, and methods.
  "local function f(a, ...) return {a, arg.n, arg[1]} end return f(1, 2)",
  "local function f(a, b, ...) return {tostring(b), arg.n} end return f(1)",
  "local function f(arg, ...) return {arg.n, arg[1]} end return f(1, 2)",
  "local t = {x = 4} function t:m(...) return {self.x, arg.n, arg[1]} end return t:m(7)",
  // Functions inside of it see it, or have their own.
  "local function f(...) local g = function() return arg.n end return g() end return f(1, 2)",
  "local function f(...) local g = function(...) return arg.n end return {arg.n, g(1, 2, 3)} end return f(1, 2)",
  "local function f(...) local g = function(...) return ... end return {arg.n, g(1)} end return f(1, 2)",
  "local function f(...) local g = function(...) return arg.n end return {g(1, 2, 3), ...} end return f(1, 2)",
  "local function f(...) arg = 5 return arg end return f()",
  "local function f(...) local arg = 5 return arg end return f()",
  "local function f(...) if arg.n == 0 then return 'end' end table.remove(arg) return f(unpack(arg)) end return f(1, 2, 3)",
  "local c = coroutine.wrap(function(...) local n = arg.n coroutine.yield(n) return arg[1] end) return {c(8, 9), c()}",
  "local function f(...) return arg.n.x.y end return f(1)",
  "local function f(...) return arg.x.y end return f(1)",
  "local t = setmetatable({}, {__call = function(self, ...) return arg.n end}) return t(1, 2)",
  "local r = {} for i = 1, 3 do local f = function(...) local n = arg.n return function() n = n + 1 return n end end local g = f(i, i) g() r[i] = g() end return r",
];
