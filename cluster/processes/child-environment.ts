/** The environment of processes that are started here. An exported password is not for them, who have their own in a file or none. */

/** Spares a password the process list. */
export const PASSWORD_VARIABLE = "INTERREX_PASSWORD";

export function childEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, [PASSWORD_VARIABLE]: undefined };
}
