package dev.strata.registry;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.registry.RegistryException.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Brings blobs into a repository with as few bytes as possible: not at all where it has them, by a mount where another
 * repository of the registry has them, else streamed, and continued from the last byte that the registry has kept.
 *
 * <p>Source: OCI distribution specification, "Pushing blobs", "Resumable Push".
 */
final class BlobUpload {
    /** Up to this size a blob goes in one request: POST, PUT. */
    private static final int SMALL = 1 << 20;

    /** So much must be kept between two failures for the first of them to be forgotten. */
    private static final int PROGRESS = 64 << 10;

    /** The longest part of a blob in one request, once a proxy has refused longer ones; halved while it refuses. */
    private static final long FIRST_CHUNK = 32 << 20;

    private static final long SMALLEST_CHUNK = 256 << 10;

    /** A registry that moves an upload to its place in an object store needs minutes for it. */
    private static final int PATIENCE = 10;

    static final String BYTES = "application/octet-stream";

    private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-(\\d{1,18})");

    private final Calls calls;
    private final KnownBlobs known;

    BlobUpload(Calls calls, KnownBlobs known) {
        this.calls = calls;
        this.known = known;
    }

    /** Whether a repository has a blob. */
    boolean exists(Endpoint endpoint, String repository, Digest digest) {
        Call head = new Call(
                "HEAD",
                endpoint,
                endpoint.uri(repository, "blobs/" + digest),
                Scope.push(repository),
                "look for the blob " + digest + " in " + endpoint.host() + "/" + repository);
        try (Answer answer = calls.expect(head, 200, 404)) {
            if (answer.status() == 200) {
                known.add(endpoint, repository, digest);
            }
            return answer.status() == 200;
        }
    }

    /** @throws IOException when the blob cannot be read from the store */
    Pushed push(Endpoint endpoint, String repository, Descriptor blob, Blobs blobs) throws IOException {
        Digest digest = blob.digest();
        if (known.has(endpoint, repository, digest) || exists(endpoint, repository, digest)) {
            return Pushed.EXISTS;
        }
        Optional<String> from = known.elsewhere(endpoint, repository, digest);
        Optional<URI> session = begin(endpoint, repository, digest, from);
        if (session.isEmpty()) {
            known.add(endpoint, repository, digest);
            return Pushed.MOUNTED;
        }
        from.ifPresent(other -> known.remove(endpoint, other, digest));
        send(endpoint, repository, blob, blobs, session.get());
        return Pushed.SENT;
    }

    /** @throws IOException when the blob cannot be read from the store */
    void send(Endpoint endpoint, String repository, Descriptor blob, Blobs blobs, URI session) throws IOException {
        Path file = file(endpoint, repository, blob, blobs);
        new Transfer(endpoint, repository, blob, file, session).run(false);
        remember(endpoint, repository, blob.digest());
    }

    /**
     * Goes on with an upload that another thread began and could not end.
     *
     * @throws IOException when the blob cannot be read from the store
     */
    Pushed finish(Endpoint endpoint, String repository, Descriptor blob, Blobs blobs, URI session) throws IOException {
        if (exists(endpoint, repository, blob.digest())) {
            return Pushed.EXISTS;
        }
        new Transfer(endpoint, repository, blob, file(endpoint, repository, blob, blobs), session).run(true);
        remember(endpoint, repository, blob.digest());
        return Pushed.SENT;
    }

    void remember(Endpoint endpoint, String repository, Digest digest) {
        known.add(endpoint, repository, digest);
    }

    private static Path file(Endpoint endpoint, String repository, Descriptor blob, Blobs blobs)
            throws FileNotFoundException {
        return blobs.find(blob.digest())
                .orElseThrow(() -> new FileNotFoundException("the blob " + blob.digest() + " is to be pushed to "
                        + endpoint.host() + "/" + repository + ", but is not in the store"));
    }

    /** Opens a session for an upload whose digest is not known yet. */
    URI begin(Endpoint endpoint, String repository) {
        Call post = post(endpoint, repository, "", Scope.push(repository));
        try (Answer answer = calls.expect(post, 202)) {
            return calls.location(endpoint, answer);
        }
    }

    /** Mounts a blob, or opens a session; empty where nothing is left to do. */
    private Optional<URI> begin(Endpoint endpoint, String repository, Digest digest, Optional<String> from) {
        if (from.isEmpty()) {
            return Optional.of(begin(endpoint, repository));
        }
        Scope both = Scope.push(repository).and(Scope.pull(from.get()).words());
        Call mount = post(endpoint, repository, "?mount=" + digest + "&from=" + from.get(), both);
        try (Answer answer = calls.send(mount)) {
            if (answer.status() == 201) {
                return Optional.empty();
            }
            if (answer.status() == 202) {
                return Optional.of(calls.location(endpoint, answer));
            }
        }
        // What cannot be mounted can be sent; a real trouble shows itself there.
        return Optional.of(begin(endpoint, repository));
    }

    private static Call post(Endpoint endpoint, String repository, String query, Scope scope) {
        return new Call(
                        "POST",
                        endpoint,
                        endpoint.uri(repository, "blobs/uploads/" + query),
                        scope,
                        "push to " + endpoint.host() + "/" + repository)
                .sending(Body.of(new byte[0]), BYTES);
    }

    static Call patch(Endpoint endpoint, String repository, URI session, Body body) {
        return new Call(
                        "PATCH",
                        endpoint,
                        session,
                        Scope.push(repository),
                        "push a blob to " + endpoint.host() + "/" + repository)
                .sending(body, BYTES)
                .once();
    }

    /** The call that ends an upload and names it. */
    static Call put(Endpoint endpoint, String repository, URI session, Digest digest, Body body) {
        String text = session.toString();
        URI named = URI.create(text + (session.getRawQuery() == null ? "?" : "&") + "digest=" + digest);
        return new Call(
                        "PUT",
                        endpoint,
                        named,
                        Scope.push(repository),
                        "push the blob " + digest + " to " + endpoint.host() + "/" + repository)
                .sending(body, BYTES)
                .patient(PATIENCE)
                .once();
    }

    /** How many bytes a {@code Range} of an upload's answer says that the registry has; {@code otherwise} if none. */
    static long kept(Answer answer, long otherwise) {
        Matcher range = RANGE.matcher(answer.header("Range").orElse(""));
        // "0-0" is said for no byte by some registries and for one byte by others: no byte is the safe reading.
        return !range.matches() ? otherwise : range.group(1).equals("0") ? 0 : Long.parseLong(range.group(1)) + 1;
    }

    /** One blob on its way: what of it has arrived, and how to go on. */
    private final class Transfer {
        private final Endpoint endpoint;
        private final String repository;
        private final Descriptor blob;
        private final Path file;
        private @Nullable URI session;
        private long arrived;
        private long chunk = Long.MAX_VALUE;
        private boolean whole;
        private boolean restarted;
        private int attempt = 1;

        Transfer(Endpoint endpoint, String repository, Descriptor blob, Path file, URI session) {
            this.endpoint = endpoint;
            this.repository = repository;
            this.blob = blob;
            this.file = file;
            this.session = session;
            this.whole = blob.size() <= SMALL;
        }

        /** @param begun whether something of it may have arrived already */
        void run(boolean begun) {
            if (begun) {
                ask();
            }
            while (true) {
                long before = arrived;
                RegistryException failure;
                try {
                    if (session == null) {
                        session = begin(endpoint, repository);
                        arrived = 0;
                    }
                    sendAll(session);
                    return;
                } catch (RegistryException e) {
                    failure = e;
                }
                recover(failure);
                if (session == null && exists(endpoint, repository, blob.digest())) {
                    return; // only the answer was lost
                }
                if (arrived - before >= PROGRESS) {
                    attempt = 1;
                }
            }
        }

        private void sendAll(URI from) {
            URI at = from;
            while (!whole && arrived < blob.size()) {
                long length = Math.min(chunk, blob.size() - arrived);
                Call patch = patch(endpoint, repository, at, Body.of(file, arrived, length))
                        .with("Content-Range", arrived + "-" + (arrived + length - 1));
                try (Answer answer = calls.expect(patch, 202, 201, 204)) {
                    arrived = kept(answer, arrived + length);
                    at = calls.location(endpoint, answer);
                    session = at;
                    respectMinimum(answer);
                }
            }
            Body rest = whole ? Body.of(file, 0, blob.size()) : Body.of(new byte[0]);
            Call put = put(endpoint, repository, at, blob.digest(), rest);
            calls.expect(put, 201, 204).close();
        }

        private void respectMinimum(Answer answer) {
            long minimum =
                    answer.headers().firstValueAsLong("OCI-Chunk-Min-Length").orElse(0);
            if (chunk < minimum) {
                chunk = minimum;
            }
        }

        /** Decides how to go on after a failure, or gives up. */
        private void recover(RegistryException failure) {
            if (failure.kind() == Kind.TOO_LARGE && (chunk > SMALLEST_CHUNK || whole)) {
                chunk = chunk == Long.MAX_VALUE ? FIRST_CHUNK : chunk / 2;
                whole = false;
                ask();
                return;
            }
            boolean damaged = "DIGEST_INVALID".equals(failure.code()) || "SIZE_INVALID".equals(failure.code());
            boolean lost = failure.kind() == Kind.NOT_FOUND;
            boolean elsewhere = failure.status() == 416; // it has another number of bytes than we thought
            boolean noPatch =
                    "PATCH".equals(failure.method()) && failure.kind() == Kind.REFUSED && !elsewhere && !whole;
            if ((damaged || lost || noPatch) && !restarted) {
                restarted = true;
                whole = whole || noPatch;
                session = null;
                return;
            }
            Optional<Duration> wait = Retry.mayHelp(failure) || elsewhere
                    ? calls.retry().after(attempt++, Optional.ofNullable(failure.retryAfter()))
                    : Optional.empty();
            if (wait.isEmpty()) {
                throw failure;
            }
            calls.retry().sleep(wait.get());
            if (attempt > 3 && chunk == Long.MAX_VALUE && !whole) {
                chunk = FIRST_CHUNK; // some proxies cut long requests off without a word
            }
            ask();
        }

        /** Asks the registry what it has kept of the upload. */
        private void ask() {
            if (session == null || whole) {
                session = null;
                return;
            }
            Call get = new Call(
                    "GET",
                    endpoint,
                    session,
                    Scope.push(repository),
                    "go on with the push of " + blob.digest() + " to " + endpoint.host() + "/" + repository);
            try (Answer answer = calls.send(get)) {
                long kept = answer.status() == 204 || answer.status() == 200 ? kept(answer, 0) : 0;
                if (kept == 0 || kept > blob.size()) {
                    session = null; // nothing to go on from
                    return;
                }
                arrived = kept;
                session = answer.header("Location").isPresent() ? calls.location(endpoint, answer) : session;
            }
        }
    }
}
