/** What is wrong with a command line or its surroundings: one line for the person, exit status 1. */
export class UsageError extends Error {}
