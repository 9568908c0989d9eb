package dev.strata.registry;

/** How a blob came to be in a repository. */
public enum Pushed {
    /** It was there already. */
    EXISTS,
    /** The registry took it from another of its repositories; no byte was sent. */
    MOUNTED,
    /** Its bytes were sent. */
    SENT
}
