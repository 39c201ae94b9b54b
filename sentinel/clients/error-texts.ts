/** The error replies of a sentinel, in Redis 7.0's words where Redis has words. Text only: no codes, no logic. */

const SHOWN_BYTES_MAX = 128;

export const NO_SUCH_MASTER = "ERR No such master with that name";
export const SYNTAX_ERROR = "ERR syntax error";
export const NOT_AUTHENTICATED = "NOAUTH Authentication required.";
export const HELLO_NOT_AUTHENTICATED =
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";
export const WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled.";
export const NO_PASSWORD_CONFIGURED =
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
export const UNSUPPORTED_PROTOCOL = "NOPROTO unsupported protocol version";
export const PROTOCOL_NOT_A_NUMBER = "ERR Protocol version is not an integer or out of range";
export const NOT_A_NUMBER = "ERR value is not an integer or out of range";
export const BAD_CLIENT_NAME = "ERR Client names cannot contain spaces, newlines or special characters.";
export const NO_SHUTDOWN = "ERR No shutdown in progress.";
export const NOTHING_KEPT =
  "ERR This sentinel keeps its state in memory only, so there is no file to write it to";
export const CONFIG_SET_REFUSED =
  "ERR SENTINEL CONFIG SET is not supported: options are set in sentinel.yaml; change it there and restart this sentinel";
export const NO_SUCH_CLIENT = "ERR No such client";
export const CONFIG_USAGE = "ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.";
export const PUBLISH_REFUSED = "ERR Only HELLO messages are accepted by Sentinel instances.";
export const TOO_MANY_SUBSCRIPTIONS = "ERR too many subscriptions on one connection";
export const INVALID_COMMAND = "ERR Invalid command specified";

/** @param command full name as Redis writes it, for example `sentinel|master`. */
export function wrongArity(command: string): string {
  return `ERR wrong number of arguments for '${command}' command`;
}

export function unknownCommand(argv: readonly string[]): string {
  let shown = "";
  for (const argument of argv.slice(1)) {
    if (shown.length >= SHOWN_BYTES_MAX) break;
    shown += `'${argument.slice(0, SHOWN_BYTES_MAX - shown.length)}' `;
  }
  return `ERR unknown command '${(argv[0] ?? "").slice(0, SHOWN_BYTES_MAX)}', with args beginning with: ${shown}`;
}

export function unknownSubcommand(container: string, given: string): string {
  return `ERR unknown subcommand '${given.slice(0, SHOWN_BYTES_MAX)}'. Try ${container.toUpperCase()} HELP.`;
}

export function deniedWhileSubscribed(command: string): string {
  return `ERR Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
}

export function helloSyntax(option: string): string {
  return `ERR Syntax error in HELLO option '${option}'`;
}

export function noOutcome(timeoutMs: number, group: string): string {
  return `ERR No outcome within ${timeoutMs} ms; it may still happen. See SENTINEL STATUS ${group}`;
}
