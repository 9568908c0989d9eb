import dev.strata.dockerfile.Dockerfile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast Dockerfiles are read. {@code Parsing warm FILE...} reads all of them again and again and prints megabytes a second; {@code
 * Parsing cold FILE} reads one, the first that this process reads, and prints milliseconds. Time is the thread's own, of which other
 * load on the machine takes nothing.
 */
final class Parsing {
    private static final int ROUNDS = 60;
    private static final int COUNTED = 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private Parsing() {}

    public static void main(String[] arguments) throws IOException {
        List<byte[]> texts = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            texts.add(Files.readAllBytes(Path.of(arguments[i])));
        }
        nanosOf(List.of()); // what the clock itself needs at first is not counted
        if (arguments[0].equals("cold")) {
            System.out.printf("%.2f%n", nanosOf(texts) / 1e6);
            return;
        }
        for (int round = COUNTED; round < ROUNDS; round++) {
            nanosOf(texts);
        }
        long nanos = 0;
        for (int round = 0; round < COUNTED; round++) {
            nanos += nanosOf(texts);
        }
        long bytes = texts.stream().mapToLong(text -> text.length).sum() * COUNTED;
        System.out.printf("%.0f%n", bytes * 1e3 / nanos);
    }

    private static long nanosOf(List<byte[]> texts) {
        long start = THREADS.getCurrentThreadCpuTime();
        for (byte[] text : texts) {
            Dockerfile.parse("Dockerfile", text);
        }
        return THREADS.getCurrentThreadCpuTime() - start;
    }
}
