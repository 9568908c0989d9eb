package dev.strata.registry;

import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The same work for many things at once; the first failure stops the rest. */
final class Together {
    private Together() {}

    /** Work that may fail at the disk. */
    interface Work<T, R> {
        R apply(T thing) throws IOException;
    }

    /** Results in the order of {@code things}. */
    static <T, R> List<R> run(Collection<T> things, Work<T, R> work) throws IOException {
        List<Future<R>> futures = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            ExecutorCompletionService<R> ended = new ExecutorCompletionService<>(threads);
            things.forEach(thing -> futures.add(ended.submit(() -> work.apply(thing))));
            try {
                for (int i = 0; i < futures.size(); i++) {
                    ended.take().get();
                }
            } catch (ExecutionException e) {
                throw failure(e);
            } catch (InterruptedException e) {
                throw Retry.interrupted(e);
            } finally {
                futures.forEach(future -> future.cancel(true));
            }
            return futures.stream().map(Future::resultNow).toList();
        }
    }

    private static IOException failure(ExecutionException e) {
        return switch (e.getCause()) {
            case IOException disk -> disk;
            case RuntimeException runtime -> throw runtime;
            case Error error -> throw error;
            case null, default -> throw new RegistryException(Kind.INTERRUPTED, null, null, "stopped: " + e, null, e);
        };
    }
}
