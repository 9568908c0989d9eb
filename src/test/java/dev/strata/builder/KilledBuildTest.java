package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.strata.JavaProcess;
import dev.strata.plan.Event;
import dev.strata.plan.EventLog;
import dev.strata.plan.Outcome;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import dev.strata.sandbox.BusyboxRoot;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Builders that are killed (SIGKILL) and followed by others on machines that have nothing in common with them but the
 * cache repository. How often a command ran is counted by a server outside, which each command tells.
 */
@Tag("root")
@Timeout(1200)
class KilledBuildTest {
    private static final int RUNS = 10;

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private final Map<String, AtomicInteger> told = new ConcurrentHashMap<>();
    private HttpServer counter;
    private int number;

    @BeforeEach
    void begin() throws IOException {
        counter = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        counter.createContext("/", exchange -> {
            told.computeIfAbsent(exchange.getRequestURI().getPath(), path -> new AtomicInteger())
                    .incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        counter.start();
        BusyboxRoot.make(folder.resolve("context/rootfs"));
        StringBuilder text = new StringBuilder("FROM scratch AS base\nCOPY rootfs /\nFROM base\n");
        for (int i = 1; i <= RUNS; i++) {
            text.append("RUN --network=host busybox wget -q -O /dev/null http://127.0.0.1:")
                    .append(counter.getAddress().getPort())
                    .append("/run-")
                    .append(i)
                    .append(" && echo ")
                    .append(i)
                    .append(" >/file-")
                    .append(i)
                    .append('\n');
        }
        Files.writeString(folder.resolve("context/Dockerfile"), text);
    }

    @AfterEach
    void end() {
        counter.stop(0);
        registry.close();
    }

    /** A builder on a machine where nothing is known, and what it has told. */
    private final class Builder {
        private final List<Event> events = new ArrayList<>();
        private final Process process;
        private final BufferedReader lines;

        Builder(String repository) throws IOException {
            List<String> command = new ArrayList<>(List.of("unshare", "--mount", "--propagation", "private"));
            command.addAll(JavaProcess.strata(
                    "build",
                    "--progress=plain",
                    "--reproducible",
                    "--source-date-epoch=1700000000",
                    "--state=" + folder.resolve("state-" + ++number),
                    "--cache-repo=" + registry.host() + "/" + repository + "-cache",
                    "--tag=" + registry.host() + "/" + repository + ":1",
                    folder.resolve("context").toString()));
            process = new ProcessBuilder(command)
                    .redirectError(folder.resolve("errors-" + number).toFile())
                    .start();
            lines = process.inputReader(java.nio.charset.StandardCharsets.UTF_8);
        }

        /** Kills it as soon as it tells something; what it told until it was dead counts. */
        Builder killedAt(Predicate<Event> moment) throws IOException, InterruptedException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                EventLog.read(line).ifPresent(events::add);
                if (process.isAlive() && events.stream().anyMatch(moment)) {
                    process.toHandle().destroyForcibly(); // the process itself would close what it told
                }
            }
            process.waitFor();
            return this;
        }

        String digest() throws IOException, InterruptedException {
            killedAt(event -> false);
            assertThat(events).as(errors()).last().isInstanceOf(Event.Ended.class);
            return switch (((Event.Ended) events.getLast()).outcome()) {
                case Outcome.Built built -> built.digest().toString();
                case Outcome.Failed failed ->
                    throw new AssertionError(failed.failure().sentence());
            };
        }

        private String errors() throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                StringBuilder all = new StringBuilder();
                for (Path file : files.filter(
                                path -> path.getFileName().toString().startsWith("errors-"))
                        .toList()) {
                    all.append(Files.readString(file));
                }
                return all.toString();
            }
        }

        /** The number of a RUN, 1 to 10, by its step's number; 0 for another step. */
        private int run(int step) {
            return events.stream()
                    .filter(event -> event instanceof Event.StepKnown known
                            && known.step() == step
                            && known.instruction().startsWith("RUN "))
                    .map(event -> ((Event.StepKnown) event).number())
                    .findFirst()
                    .orElse(0);
        }

        /** What it told as done. */
        Set<Integer> finished() {
            Set<Integer> runs = new TreeSet<>();
            events.forEach(event -> {
                if (event instanceof Event.StepDone done) {
                    runs.add(run(done.step()));
                }
            });
            runs.remove(0);
            return runs;
        }

        Set<Integer> cached() {
            Set<Integer> runs = new TreeSet<>();
            events.forEach(event -> {
                if (event instanceof Event.StepCached cached) {
                    runs.add(run(cached.step()));
                }
            });
            runs.remove(0);
            return runs;
        }
    }

    private Map<Integer, Integer> counts() {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int i = 1; i <= RUNS; i++) {
            AtomicInteger count = told.get("/run-" + i);
            counts.put(i, count == null ? 0 : count.get());
        }
        return counts;
    }

    @Test
    void aBuildThatIsKilledAnywhereGoesOnAfterItsLastFinishedStepAndMakesTheSameImage()
            throws IOException, InterruptedException {
        String wanted = new Builder("undisturbed").digest();
        assertThat(counts().values()).containsOnly(1);
        int twice = 0;
        for (int point = 0; point < 2 * RUNS; point++) {
            int run = 1 + point / 2;
            boolean atStart = point % 2 == 0;
            told.clear();
            Builder first = new Builder("killed-" + point);
            first.killedAt(event -> switch (event) {
                case Event.StepStarted started -> atStart && first.run(started.step()) == run;
                case Event.StepDone done -> !atStart && first.run(done.step()) == run;
                default -> false;
            });
            Set<Integer> finished = first.finished();
            Builder second = new Builder("killed-" + point);
            assertThat(second.digest()).as("killed at point " + point).isEqualTo(wanted);
            assertThat(second.cached()).as("point " + point).containsAll(finished);
            Map<Integer, Integer> counts = counts();
            assertThat(finished)
                    .allSatisfy(done -> assertThat(counts.get(done))
                            .as("runs of the finished step " + done)
                            .isEqualTo(1));
            assertThat(counts.values()).allMatch(count -> count == 1 || count == 2);
            twice += (int) counts.values().stream().filter(count -> count == 2).count();
        }
        // Those that were at work, and those whose layers were on their way; how many that are, the machine decides.
        System.out.printf(
                "killed at %d points: the same image each time; %d of %d commands ran twice, none of them finished%n",
                2 * RUNS, twice, 2 * RUNS * RUNS);
    }

    @Test
    void aPushThatIsKilledSendsNoLayerTwice() throws IOException, InterruptedException {
        String manifest = "PUT /v2/pushed/manifests/.*";
        registry.failAlways(manifest, Fault.busy(503, "20"));
        Builder first = new Builder("pushed");
        Awaitility.await().until(() -> registry.count(manifest) > 0);
        first.process.destroyForcibly().waitFor();
        registry.heal();
        registry.forget();
        new Builder("pushed").digest();
        assertThat(registry.blobBytes()).isZero();
        assertThat(counts().values()).containsOnly(1);
    }
}
