package dev.strata.builder;

import dev.strata.context.ContextException;
import dev.strata.dockerfile.DockerfileException;
import dev.strata.dockerfile.SyntaxError;
import dev.strata.graph.BaseException;
import dev.strata.graph.GraphException;
import dev.strata.layer.LayerException;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.registry.RegistryException;
import dev.strata.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Turns what went wrong into what a person can act on: the only place that knows all packages' exceptions. */
final class Explanation {
    /** What to do where more comes out of something than a build may have. */
    static final String LESS =
            "Take less; or where it is meant to be so much, allow more: maximum.unpackedSize and maximum.unpackedFiles of the build class, --limit of strata build";

    private Explanation() {}

    static Failure of(Throwable thrown, BuildFiles.@Nullable DockerfileText dockerfile) {
        return switch (thrown) {
            case FailureException e -> e.failure();
            case DockerfileException e -> syntax(e);
            case GraphException e -> graph(e, dockerfile);
            case BaseException e -> base(e, dockerfile);
            case ContextException e -> new Failure(e.fault(), e.what(), e.where(), e.mend(), e.detail());
            case RegistryException e -> registry(e);
            case LayerException e
            when e.isTooMuch() -> new Failure(Failure.Cause.USER, "a layer is not taken: " + e.what(), e.where(), LESS);
            case LayerException e ->
                new Failure(
                        Failure.Cause.OUTSIDE,
                        message(e),
                        null,
                        "A layer that cannot be read is damaged or not a layer; look who made it");
            case SandboxException e -> new Failure(Failure.Cause.OURS, message(e), null, e.mend());
            case CancellationException e -> new Failure(Failure.Cause.LOST, "the build was stopped", null, null);
            case UncheckedIOException e -> disk(e.getCause(), message(e));
            case FileSystemLoopException e ->
                new Failure(
                        Failure.Cause.USER,
                        "symbolic links lead in a circle",
                        e.getFile(),
                        "Leave out the links, or name the file they were meant to lead to");
            case IOException e -> disk(e, message(e));
            case OutOfMemoryError e ->
                new Failure(Failure.Cause.LOST, "the builder ran out of memory", null, "Give the build more memory");
            default ->
                new Failure(
                        Failure.Cause.OURS,
                        "Strata failed: " + thrown,
                        where(thrown),
                        "This is a defect of Strata; please report it with the log");
        };
    }

    private static @Nullable String where(Throwable thrown) {
        StackTraceElement[] trace = thrown.getStackTrace();
        return trace.length == 0 ? null : trace[0].toString();
    }

    private static String message(Throwable thrown) {
        return thrown.getMessage() == null ? thrown.getClass().getSimpleName() : thrown.getMessage();
    }

    private static Failure syntax(DockerfileException e) {
        SyntaxError first = e.errors().getFirst();
        StringBuilder detail = new StringBuilder(e.excerpt(first));
        for (SyntaxError other : e.errors().subList(1, e.errors().size())) {
            detail.append('\n')
                    .append(other.location())
                    .append(": ")
                    .append(other.sentence())
                    .append('\n')
                    .append(e.excerpt(other));
        }
        return new Failure(
                Failure.Cause.USER,
                first.sentence(),
                e.file() + ":" + first.location().startLine(),
                null,
                detail.toString());
    }

    private static Failure graph(GraphException e, BuildFiles.@Nullable DockerfileText dockerfile) {
        String where = null;
        String detail = null;
        if (e.location() != null && dockerfile != null) {
            where = dockerfile.name() + ":" + e.location().startLine();
            detail = dockerfile.excerpt(e.location());
        }
        return new Failure(Failure.Cause.USER, message(e), where, e.mend(), detail);
    }

    /** The line that wants the image says more than the address that was asked, which is shown below it. */
    private static Failure base(BaseException e, BuildFiles.@Nullable DockerfileText dockerfile) {
        Failure reason = of(e.reason(), dockerfile);
        if (dockerfile == null || reason.cause() == Failure.Cause.OURS) {
            return reason;
        }
        return new Failure(
                reason.cause(),
                reason.what(),
                dockerfile.name() + ":" + e.location().startLine(),
                e.meant() == null ? reason.mend() : "Did you mean the stage " + e.meant() + "?",
                dockerfile.excerpt(e.location()) + (reason.where() == null ? "" : "\n" + reason.where()));
    }

    /** A wrong name or credential is the user's; everything that may pass is the outside's. */
    private static Failure registry(RegistryException e) {
        Failure.Cause cause = switch (e.kind()) {
            case UNAUTHORIZED, DENIED, NOT_FOUND, NO_PLATFORM, UNSUPPORTED, REFUSED, TOO_LARGE, CONFIGURATION ->
                Failure.Cause.USER;
            case TLS, RATE_LIMITED, UNREACHABLE, UNAVAILABLE, CORRUPT, PROTOCOL -> Failure.Cause.OUTSIDE;
            case INTERRUPTED -> Failure.Cause.LOST;
        };
        String where = e.url() == null ? null : (e.method() == null ? "" : e.method() + " ") + e.url();
        return new Failure(cause, e.what() + said(e), where, e.mend());
    }

    private static String said(RegistryException e) {
        String message = e.registryMessage();
        return message == null || message.isBlank() || e.what().contains(message)
                ? ""
                : " (the registry says: " + message + ")";
    }

    private static Failure disk(@Nullable IOException e, String what) {
        String text = e == null || e.getMessage() == null ? "" : e.getMessage();
        if (text.contains("No space left on device")) {
            return new Failure(
                    Failure.Cause.LOST, what + ": the disk is full", null, "Give the build more ephemeral storage");
        }
        return new Failure(
                Failure.Cause.OURS, text.isEmpty() || what.contains(text) ? what : what + ": " + text, null, null);
    }
}
