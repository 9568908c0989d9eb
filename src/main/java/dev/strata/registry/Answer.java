package dev.strata.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What came back. Whoever gets one closes it, which frees its connection and its place among the requests in flight. */
final class Answer implements AutoCloseable {
    private static final int MOST_DRAINED = 1 << 16;

    private final String method;
    private final URI uri;
    private final int status;
    private final HttpHeaders headers;
    private final InputStream body;
    private @Nullable Runnable whenClosed;

    Answer(String method, URI uri, int status, HttpHeaders headers, InputStream body) {
        this.method = method;
        this.uri = uri;
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /** Something more to do at the end. */
    Answer whenClosed(Runnable action) {
        this.whenClosed = action;
        return this;
    }

    int status() {
        return status;
    }

    /** The address that answered, after redirects. */
    URI uri() {
        return uri;
    }

    RegistryException.Called called() {
        return new RegistryException.Called(method, uri);
    }

    InputStream body() {
        return body;
    }

    HttpHeaders headers() {
        return headers;
    }

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    /** The whole body; an answer that is longer than {@code limit} bytes is refused. */
    byte[] bytes(long limit, String noun) {
        try {
            byte[] bytes = body.readNBytes((int) limit + 1);
            if (bytes.length > limit) {
                throw new RegistryException(
                        RegistryException.Kind.TOO_LARGE,
                        called(),
                        said(),
                        "the " + noun + " is longer than " + limit + " bytes",
                        null,
                        null);
            }
            return bytes;
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** The same answer with its body in memory. */
    Answer whole(long limit, String noun) {
        try (this) {
            return new Answer(method, uri, status, headers, new ByteArrayInputStream(bytes(limit, noun)));
        }
    }

    RegistryException.Said said() {
        return new RegistryException.Said(status, null, null);
    }

    /** The connection ended while the body was read. */
    RegistryException broken(IOException e) {
        return new RegistryException(
                RegistryException.Kind.UNREACHABLE,
                called(),
                said(),
                "the connection to " + uri.getHost() + " broke while its answer was read: " + Connections.words(e),
                null,
                e);
    }

    /** An answer that the specification does not allow. */
    RegistryException odd(String what) {
        return new RegistryException(RegistryException.Kind.PROTOCOL, called(), said(), what, null, null);
    }

    @Override
    public void close() {
        try (body) {
            body.readNBytes(MOST_DRAINED); // a body read to its end leaves the connection to the next request
        } catch (IOException e) {
            // The connection is given up; what mattered was read before.
            return;
        } finally {
            if (whenClosed != null) {
                whenClosed.run();
                whenClosed = null;
            }
        }
    }
}
