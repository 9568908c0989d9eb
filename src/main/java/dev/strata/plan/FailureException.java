package dev.strata.plan;

/** A {@link Failure} on its way up through one process. */
public final class FailureException extends RuntimeException {
    private final transient Failure failure;

    public FailureException(Failure failure) {
        super(failure.sentence());
        this.failure = failure;
    }

    public FailureException(Failure failure, Throwable cause) {
        super(failure.sentence(), cause);
        this.failure = failure;
    }

    public Failure failure() {
        return failure;
    }
}
