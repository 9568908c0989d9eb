package dev.strata.dockerfile;

/** A value whose variables, quotes or patterns cannot be expanded. The message says why. */
public final class ExpansionException extends RuntimeException {
    ExpansionException(String message) {
        super(message);
    }
}
