package dev.strata.context;

/** The repositories inside a repository, at any depth. */
final class Submodules {
    private final GitSession session;

    Submodules(GitSession session) {
        this.session = session;
    }

    /** Checks them out with as little history as their servers allow. */
    void checkout() {
        GitCommand.Result shallow =
                session.attempt("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1", "--jobs=4");
        if (shallow.succeeded()) {
            return;
        }
        // A server that gives no commit by its hash leaves one way only: all of its branches.
        if (!shallow.errors().contains("did not contain") && !shallow.errors().contains("Direct fetching")) {
            throw session.failure(shallow, null);
        }
        session.run("submodule", "--quiet", "foreach", "--recursive", "git fetch --quiet --unshallow || true");
        GitCommand.Result whole = session.attempt("submodule", "--quiet", "update", "--init", "--recursive");
        if (!whole.succeeded()) {
            throw session.failure(whole, null);
        }
    }
}
