package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.StepState;
import dev.strata.api.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Builder pods that are killed, one after the other, the operator too: how often a command ran is counted outside. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class ResumeTest {
    private static final int RUNS = 14;

    private final Map<String, AtomicInteger> told = new ConcurrentHashMap<>();

    private HttpServer counter(String address) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(address, 0), 0);
        server.createContext("/", exchange -> {
            told.computeIfAbsent(exchange.getRequestURI().getPath(), path -> new AtomicInteger())
                    .incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static String dockerfile(InetSocketAddress counter) {
        StringBuilder text = new StringBuilder("FROM debian:bookworm\nSHELL [\"/bin/bash\", \"-ec\"]\n");
        for (int i = 1; i <= RUNS; i++) {
            text.append(
                    "RUN exec 3<>/dev/tcp/%s/%d; printf 'GET /run-%d HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3; sleep 1; echo %d >/file-%d\n"
                            .formatted(counter.getAddress().getHostAddress(), counter.getPort(), i, i, i));
        }
        return text.toString();
    }

    /** The commands that the status tells as done: 1 to {@link #RUNS}. */
    private static Set<Integer> finished(ImageBuild build) {
        ImageBuildStatus status = build.getStatus();
        return status == null
                ? Set.of()
                : status.platforms().stream()
                        .flatMap(platform -> platform.stages().stream())
                        .flatMap(stage -> stage.steps().stream())
                        .filter(step -> step.state() == StepState.DONE
                                && step.instruction().startsWith("RUN"))
                        .map(step -> Objects.requireNonNull(step.line()) - 2)
                        .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Attempt last(ImageBuild build) {
        return Objects.requireNonNull(build.getStatus()).attempts().getLast();
    }

    /**
     * Whether this is the attempt of that number and it has begun a command: a status may tell of the attempt before so
     * late that enough commands are finished when a pod has only been made.
     */
    private static boolean atWork(Attempt attempt, int number) {
        return attempt.number() == number && (number == 1 || attempt.resumedAtStep() != null);
    }

    private Map<Integer, Integer> counts() {
        return told.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> Integer.parseInt(entry.getKey().replaceFirst("/run-", "")),
                        entry -> entry.getValue().get()));
    }

    @Test
    void pods_that_are_killed_are_replaced_and_no_finished_command_runs_twice() throws IOException {
        try (Workspace workspace = Workspace.open("baseline")) {
            HttpServer counter = counter(workspace.cluster.registry().replaceFirst(":.*", ""));
            try {
                Workspace.Build build =
                        workspace.inline("resume", dockerfile(counter.getAddress()), "reproducible: true");
                Map<Integer, Integer> whenFinished = new TreeMap<>();
                for (int kill = 1; kill <= 3; kill++) {
                    int wanted = kill * 2;
                    int number = kill;
                    ImageBuild seen = build.await(
                            wanted + " finished commands in attempt " + number,
                            candidate -> finished(candidate).size() >= wanted && atWork(last(candidate), number));
                    finished(seen).forEach(run -> whenFinished.putIfAbsent(run, counts().get(run)));
                    if (kill == 2) {
                        OperatorTest.killOperator(workspace);
                    }
                    workspace
                            .client()
                            .pods()
                            .inNamespace(workspace.name)
                            .withName(last(seen).pod())
                            .withGracePeriod(0)
                            .delete();
                }
                ImageBuildStatus status = build.ready();

                List<Attempt> attempts = status.attempts();
                assertThat(attempts).hasSize(4);
                assertThat(attempts.subList(0, 3)).allSatisfy(attempt -> {
                    assertThat(attempt.reason()).isEqualTo(Reason.POD_LOST);
                    assertThat(attempt.message()).isNotBlank();
                });
                assertThat(attempts.getFirst().resumedAtStep()).isNull();
                List<Integer> resumed =
                        attempts.stream().skip(1).map(Attempt::resumedAtStep).toList();
                // The log numbers FROM, too.
                assertThat(resumed).doesNotContainNull().isSorted().allMatch(step -> step >= 4);
                Map<Integer, Integer> counts = counts();
                assertThat(counts).hasSize(RUNS);
                assertThat(whenFinished).hasSizeGreaterThanOrEqualTo(6);
                whenFinished.forEach((run, count) -> assertThat(counts.get(run))
                        .as("runs of the command " + run + ", since it was finished")
                        .isEqualTo(count));
                assertThat(counts.values().stream().mapToInt(Integer::intValue).sum())
                        .as("but for those that were at work when their pod was killed")
                        .isLessThanOrEqualTo(RUNS + 6);
                PushedImage.of(Objects.requireNonNull(status.image())).assertWhole();
            } finally {
                counter.stop(0);
            }
        }
    }

    @Test
    void a_build_goes_on_while_the_operator_is_killed_again_and_again() throws IOException {
        try (Workspace workspace = Workspace.open("baseline")) {
            HttpServer counter = counter(workspace.cluster.registry().replaceFirst(":.*", ""));
            try {
                Workspace.Build build = workspace.inline("resume", dockerfile(counter.getAddress()));
                int kills = 0;
                for (int seen = 0; seen < RUNS; kills++) {
                    int before = seen;
                    ImageBuild now = build.await(
                            "more than " + before + " finished commands",
                            candidate -> finished(candidate).size() > before
                                    || Workspace.isTrue(candidate, Condition.Type.READY));
                    seen = Workspace.isTrue(now, Condition.Type.READY)
                            ? RUNS
                            : finished(now).size();
                    OperatorTest.killOperator(workspace);
                }
                ImageBuildStatus status = build.ready();
                assertThat(kills).isGreaterThanOrEqualTo(2);
                assertThat(status.attempts())
                        .singleElement()
                        .satisfies(attempt -> assertThat(attempt.state()).isEqualTo(Attempt.State.SUCCEEDED));
                assertThat(counts()).hasSize(RUNS);
                assertThat(counts().values()).containsOnly(1);
                PushedImage.of(Objects.requireNonNull(status.image())).assertWhole();
            } finally {
                counter.stop(0);
            }
        }
    }
}
