package dev.strata;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a stopped process end its work in order: Ctrl-C and SIGTERM interrupt the thread that made this, and the process
 * stays until that thread closes it, or the patience is at an end.
 */
final class Stopping implements AutoCloseable {
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    /** @param patience how long the process waits for the thread */
    Stopping(Duration patience) {
        Thread working = Thread.currentThread();
        this.hook = new Thread(() -> stop(working, patience), "stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** The thread itself is not waited for: it may already wait for the process to end. */
    private void stop(Thread working, Duration patience) {
        working.interrupt();
        try {
            if (!closed.await(patience.toSeconds(), TimeUnit.SECONDS)) {
                System.err.println("strata: the work did not end within " + patience.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is being stopped, and the hook has just been told.
        }
    }
}
