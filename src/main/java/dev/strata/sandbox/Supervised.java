package dev.strata.sandbox;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A process that does not outlive this one, however this one ends. The kernel watches the thread that started it, so it
 * has a thread of its own, which also reads what it says.
 */
final class Supervised {
    private final List<String> words;
    private final Output output;
    private @Nullable Process process;
    private boolean stopped;

    private Supervised(List<String> words, Output output) {
        this.words = words;
        this.output = output;
    }

    /**
     * Runs it to its end.
     *
     * @return its exit code
     * @throws InterruptedException when the thread was interrupted; the process has been ended then
     */
    static int run(List<String> words, Output output) throws IOException, InterruptedException {
        return new Supervised(words, output).run();
    }

    private int run() throws IOException, InterruptedException {
        FutureTask<Integer> task = new FutureTask<>(this::follow);
        Thread thread = Thread.ofPlatform().name("command").daemon().start(task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            stop();
            joinFully(thread);
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException trouble -> throw new IOException(trouble.getMessage(), trouble);
                case RuntimeException mistake -> throw mistake;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    private int follow() throws IOException, InterruptedException {
        Process started = start();
        if (started == null) {
            return -1;
        }
        try {
            started.getOutputStream().close();
            output.read(started.getInputStream());
            return started.waitFor();
        } finally {
            end(started); // where the reader of the lines has failed
            started.waitFor();
        }
    }

    private synchronized @Nullable Process start() throws IOException {
        if (stopped) {
            return null;
        }
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        process = builder.start();
        return process;
    }

    private synchronized void stop() {
        stopped = true;
        if (process != null) {
            end(process);
        }
    }

    /** Ends what it has started, so that it waits for that before it ends itself and leaves no zombie. */
    private static void end(Process started) {
        if (started.children().filter(ProcessHandle::destroyForcibly).count() == 0) {
            started.destroyForcibly();
        }
    }

    private static void joinFully(Thread thread) {
        boolean again = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                again = true;
            }
        }
        if (again) {
            Thread.currentThread().interrupt();
        }
    }
}
