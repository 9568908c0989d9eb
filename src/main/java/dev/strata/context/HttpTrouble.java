package dev.strata.context;

import dev.strata.plan.Failure;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What a failed request means: whose fault, and what to do. */
final class HttpTrouble {
    private HttpTrouble() {}

    /** @param hadCredentials whether any were to be sent */
    static ContextException status(int status, String where, boolean hadCredentials) {
        String what = "the server answers " + status;
        return switch (status) {
            case 401, 407 ->
                ContextException.user(
                        what + ": it asks for credentials, and "
                                + (hadCredentials ? "those of the secret are wrong" : "there are none"),
                        where,
                        "Name a secret with username and password, or with token, that is good for it");
            case 403 ->
                ContextException.user(what + ": it refuses access", where, "Give the account the right to read it");
            case 404, 410 ->
                ContextException.user(what + ": there is no such file, or it is private", where, "Check the address");
            case 408, 425, 429 -> ContextException.outside(what + ": it is busy", where, "It is asked again later");
            default ->
                status >= 500
                        ? ContextException.outside(what + ": it has trouble", where, "It is asked again later")
                        : ContextException.user(what, where, "Check the address");
        };
    }

    static ContextException explain(IOException trouble, String where) {
        if (has(trouble, CertificateException.class)) {
            return failure(
                    Failure.Cause.USER,
                    "the server's TLS certificate is not trusted: " + message(trouble),
                    where,
                    "Put the authority's certificate under ca.crt into the secret, or mend the server's certificate",
                    trouble);
        }
        if (has(trouble, UnknownHostException.class) || has(trouble, UnresolvedAddressException.class)) {
            return failure(
                    Failure.Cause.OUTSIDE,
                    "the host's name is not known",
                    where,
                    "Check its spelling and the name service",
                    trouble);
        }
        if (trouble instanceof HttpTimeoutException || trouble instanceof ConnectException) {
            return failure(
                    Failure.Cause.OUTSIDE,
                    "the server cannot be reached or went silent",
                    where,
                    "Check that the builder's network lets it through",
                    trouble);
        }
        String what = trouble instanceof SSLException ? "TLS failed: " : "the transfer failed: ";
        return failure(Failure.Cause.OUTSIDE, what + message(trouble), where, "It is tried again later", trouble);
    }

    private static ContextException failure(
            Failure.Cause fault, String what, String where, String mend, Throwable trouble) {
        return new ContextException(fault, what, where, mend, null, trouble);
    }

    private static boolean has(Throwable trouble, Class<? extends Throwable> type) {
        for (@Nullable Throwable cause = trouble; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String message(Throwable trouble) {
        return trouble.getMessage() == null ? trouble.getClass().getSimpleName() : trouble.getMessage();
    }
}
