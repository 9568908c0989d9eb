package dev.strata;

import java.time.Duration;

/**
 * What happens to a build on Ctrl-C, or when its pod is stopped: the thread that made this is interrupted and given time
 * to end its commands and say so.
 */
final class Stopping implements AutoCloseable {
    private final Thread hook;

    /** @param patience how long the process waits for the thread */
    Stopping(Duration patience) {
        Thread building = Thread.currentThread();
        this.hook = new Thread(() -> stop(building, patience), "stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private static void stop(Thread building, Duration patience) {
        building.interrupt();
        try {
            building.join(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The hook would wait for this very thread, which is about to end the process. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is being stopped; the hook runs already.
        }
    }
}
