package dev.strata.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** A wire to another port that breaks its connections after random numbers of bytes, and counts what it carries. */
final class CuttingWire implements AutoCloseable {
    private final ServerSocket listener;
    private final int target;
    private final RandomGenerator random;
    private final int most;
    private final AtomicInteger times;
    private final boolean answers;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong cuts = new AtomicLong();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * @param times how many connections are broken; later ones are not
     * @param most a connection is broken before it has carried so many bytes to the other end
     */
    CuttingWire(int target, int times, int most, RandomGenerator random) throws IOException {
        this(target, times, most, random, false);
    }

    /** A wire that is broken by what comes back over it. */
    static CuttingWire back(int target, int times, int most, RandomGenerator random) throws IOException {
        return new CuttingWire(target, times, most, random, true);
    }

    private CuttingWire(int target, int times, int most, RandomGenerator random, boolean answers) throws IOException {
        this.answers = answers;
        this.times = new AtomicInteger(times);
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        this.most = most;
        this.random = random;
        threads.execute(this::listen);
    }

    String host() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** Bytes that were carried to the other end. */
    long sent() {
        return sent.get();
    }

    long cuts() {
        return cuts.get();
    }

    private void listen() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                threads.execute(() -> connect(near));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void connect(Socket near) {
        try (near;
                Socket far = new Socket(InetAddress.getLoopbackAddress(), target)) {
            long budget = budget();
            if (answers) {
                threads.execute(() -> copy(near, far, Long.MAX_VALUE, sent));
                copy(far, near, budget, new AtomicLong());
            } else {
                threads.execute(() -> copy(far, near, Long.MAX_VALUE, new AtomicLong()));
                copy(near, far, budget, sent);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized long budget() {
        return times.getAndDecrement() > 0 ? random.nextInt(most) : Long.MAX_VALUE;
    }

    private void copy(Socket from, Socket to, long budget, AtomicLong count) {
        byte[] buffer = new byte[16 << 10];
        long left = budget;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            while (left > 0) {
                int got = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (got < 0) {
                    to.shutdownOutput();
                    return;
                }
                out.write(buffer, 0, got);
                count.addAndGet(got);
                left -= got;
            }
            cuts.incrementAndGet();
        } catch (IOException e) {
            return; // one of the two ends is gone
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdownNow();
    }
}
