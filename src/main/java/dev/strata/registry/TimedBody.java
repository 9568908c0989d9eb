package dev.strata.registry;

import dev.strata.image.BulkInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A response's body as a stream that gives up when no byte comes for a while. The JDK's own stream waits for ever: a
 * registry that hangs in the middle of a layer would hang the build.
 */
final class TimedBody extends BulkInput implements BodySubscriber<InputStream> {
    /** One end of the body: a list of buffers, the end, or a failure. */
    private record Part(
            List<ByteBuffer> buffers,
            boolean last,
            @Nullable Throwable failure) {}

    /** Waits are counted in parts: a machine that stands still meanwhile, or sleeps, says nothing about the registry. */
    static final int PARTS_OF_A_WAIT = 10;

    /** So many lists of buffers, of 16 or, with bin/strata, 128 KiB each, may come before they are read; asked for by halves. */
    private static final int WINDOW = 8;

    private final Duration patience;
    private final LinkedBlockingQueue<Part> parts = new LinkedBlockingQueue<>();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private List<ByteBuffer> current = List.of();
    private int next;
    private int taken;
    private boolean ended;

    TimedBody(Duration patience) {
        this.patience = patience;
    }

    @Override
    public CompletionStage<InputStream> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        if (!subscription.complete(given)) {
            given.cancel();
            return;
        }
        given.request(WINDOW);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        parts.add(new Part(buffers, false, null));
    }

    @Override
    public void onError(Throwable failure) {
        parts.add(new Part(List.of(), true, failure));
    }

    @Override
    public void onComplete() {
        parts.add(new Part(List.of(), true, null));
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        ByteBuffer buffer = buffer();
        if (buffer == null) {
            return -1;
        }
        int count = 0;
        while (buffer != null) {
            int some = Math.min(length - count, buffer.remaining());
            buffer.get(bytes, offset + count, some);
            count += some;
            buffer = count < length && isMoreAtHand() ? buffer() : null;
        }
        return count;
    }

    /** Whether bytes, and no failure, are known to follow without a wait. */
    private boolean isMoreAtHand() {
        if (next < current.size() && current.getLast().hasRemaining()) {
            return true;
        }
        Part part = parts.peek();
        return part != null && part.buffers().stream().anyMatch(ByteBuffer::hasRemaining);
    }

    /** The buffer to read from next; null at the end. */
    private @Nullable ByteBuffer buffer() throws IOException {
        while (true) {
            while (next < current.size()) {
                if (current.get(next).hasRemaining()) {
                    return current.get(next);
                }
                next++;
            }
            if (ended) {
                return null;
            }
            Part part = take();
            if (part.failure() != null) {
                ended = true;
                throw new IOException(Connections.words(part.failure()), part.failure());
            }
            ended = part.last();
            current = part.buffers();
            next = 0;
            taken++;
            if (!ended && taken == WINDOW / 2) {
                taken = 0;
                subscription.join().request(WINDOW / 2);
            }
        }
    }

    private Part take() throws IOException {
        try {
            for (int silent = 0; silent < PARTS_OF_A_WAIT; silent++) {
                Part part = parts.poll(patience.toMillis() / PARTS_OF_A_WAIT, TimeUnit.MILLISECONDS);
                if (part != null) {
                    return part;
                }
            }
            close();
            throw new HttpTimeoutException("no byte came for " + patience.toSeconds() + " s");
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted");
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    @Override
    public void close() {
        if (!ended) {
            ended = true;
            current = List.of();
            var _ = subscription.thenAccept(Flow.Subscription::cancel);
        }
    }
}
