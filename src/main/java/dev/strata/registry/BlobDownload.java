package dev.strata.registry;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Brings blobs here: streamed, counted, hashed, and continued where a connection broke. */
final class BlobDownload {
    /** Configurations and other documents that are read whole. */
    static final int MOST_BYTES = 8 << 20;

    /** So much must come between two failures for the first of them to be forgotten. */
    private static final int PROGRESS = 64 << 10;

    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-.*");

    private final Calls calls;

    BlobDownload(Calls calls) {
        this.calls = calls;
    }

    private static Call call(Endpoint endpoint, String repository, Digest digest) {
        return new Call(
                "GET",
                endpoint,
                endpoint.uri(repository, "blobs/" + digest),
                Scope.pull(repository),
                "read the blob " + digest + " of " + endpoint.host() + "/" + repository);
    }

    /** A small document, whole. */
    byte[] read(Endpoint endpoint, String repository, Descriptor blob) {
        if (blob.size() > MOST_BYTES) {
            throw new RegistryException(
                    Kind.TOO_LARGE,
                    null,
                    null,
                    "the document " + blob.digest() + " has " + blob.size() + " bytes; " + MOST_BYTES + " are the most",
                    null,
                    null);
        }
        Call call = call(endpoint, repository, blob.digest());
        for (boolean again = false; ; again = true) {
            try (Answer answer = calls.document(call, blob.size(), "blob " + blob.digest())) {
                byte[] bytes = answer.bytes(blob.size(), "blob " + blob.digest());
                MessageDigest hash = blob.digest().verifier();
                hash.update(bytes);
                if (blob.digest().matches(hash)) {
                    return bytes;
                }
                if (again) {
                    throw corrupt(answer, blob, bytes.length);
                }
            }
        }
    }

    /**
     * Streams a blob into the store.
     *
     * @throws IOException when the store cannot be written
     */
    void fetch(Endpoint endpoint, String repository, Descriptor blob, Blobs blobs) throws IOException {
        boolean damagedBefore = false;
        while (true) {
            try (Blobs.Ingest ingest = blobs.begin(blob.digest())) {
                Answer last = fill(endpoint, repository, blob, ingest);
                try {
                    ingest.commit(blob.digest());
                    return;
                } catch (Blobs.WrongContent e) {
                    if (damagedBefore) {
                        throw corrupt(last, blob, ingest.size());
                    }
                    damagedBefore = true; // a cache on the way may have kept a damaged copy: once more from the start
                }
            }
        }
    }

    private Answer fill(Endpoint endpoint, String repository, Descriptor blob, Blobs.Ingest ingest) throws IOException {
        int attempt = 1;
        while (true) {
            long start = ingest.size();
            RegistryException failure;
            try {
                Call whole = call(endpoint, repository, blob.digest());
                Call call = start == 0 ? whole : whole.with("Range", "bytes=" + start + "-");
                try (Answer answer = calls.expect(call, 200, 206)) {
                    skipTo(start, answer);
                    copy(answer, blob, ingest);
                    return answer;
                }
            } catch (RegistryException e) {
                failure = e;
            }
            attempt = ingest.size() - start >= PROGRESS ? 1 : attempt;
            boolean again = Retry.mayHelp(failure) && failure.kind() != Kind.CORRUPT;
            Optional<Duration> wait = again ? calls.retry().after(attempt++, Optional.empty()) : Optional.empty();
            if (wait.isEmpty()) {
                throw failure;
            }
            calls.retry().sleep(wait.get());
        }
    }

    /** Brings the answer's body to the place from which bytes are wanted. */
    private static void skipTo(long start, Answer answer) {
        long at = 0;
        if (answer.status() == 206) {
            Matcher range = CONTENT_RANGE.matcher(answer.header("Content-Range").orElse(""));
            if (!range.matches()) {
                throw answer.odd("a part of a blob came without saying which");
            }
            at = Long.parseLong(range.group(1));
        }
        if (at > start) {
            throw answer.odd("a blob was asked for from byte " + start + ", but came from byte " + at);
        }
        try {
            answer.body().skipNBytes(start - at);
        } catch (IOException e) {
            throw answer.broken(e);
        }
    }

    private static void copy(Answer answer, Descriptor blob, Blobs.Ingest ingest) throws IOException {
        byte[] buffer = new byte[64 << 10];
        InputStream body = answer.body();
        while (true) {
            int count;
            try {
                count = body.read(buffer);
            } catch (IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new RegistryException(
                            Kind.INTERRUPTED, answer.called(), answer.said(), "interrupted", null, e);
                }
                throw answer.broken(e);
            }
            if (count < 0) {
                break;
            }
            if (ingest.size() + count > blob.size()) {
                throw corrupt(answer, blob, ingest.size() + count);
            }
            ingest.write(buffer, 0, count);
        }
        if (ingest.size() < blob.size()) {
            throw answer.broken(new IOException("it ended after " + ingest.size() + " of " + blob.size() + " bytes"));
        }
    }

    private static RegistryException corrupt(Answer answer, Descriptor blob, long came) {
        return new RegistryException(
                Kind.CORRUPT,
                answer.called(),
                answer.said(),
                "the blob " + blob.digest() + " of " + blob.size() + " bytes came as " + came
                        + " bytes that do not hash to it",
                "It is damaged in the registry or on the way; push it again",
                null);
    }
}
