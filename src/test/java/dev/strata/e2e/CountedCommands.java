package dev.strata.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.StepState;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The commands of a build, numbered from 1: how often each has begun is counted outside of the build, and each waits until
 * the test lets it go on, so that nothing depends on how fast anything is.
 */
final class CountedCommands implements AutoCloseable {
    private final int number;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<Integer, Integer> begun = new TreeMap<>();
    private int allowed;

    private CountedCommands(int number, HttpServer server) {
        this.number = number;
        this.server = server;
    }

    /** None of them may go on yet. */
    static CountedCommands at(TestCluster cluster, int number) throws IOException {
        CountedCommands commands =
                new CountedCommands(number, HttpServer.create(new InetSocketAddress(cluster.address, 0), 0));
        commands.server.setExecutor(commands.threads);
        commands.server.createContext("/", commands::answer);
        commands.server.start();
        return commands;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            await(Integer.parseInt(exchange.getRequestURI().getPath().substring(1)));
            exchange.sendResponseHeaders(200, -1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the test is over
        }
    }

    private synchronized void await(int command) throws InterruptedException {
        begun.merge(command, 1, Integer::sum);
        while (command > allowed) {
            wait();
        }
    }

    /** Lets the commands up to this one go on, those that wait and those that come. */
    synchronized void allow(int upTo) {
        allowed = upTo;
        notifyAll();
    }

    /** How often each command has begun, by number; those that have not are left out. */
    synchronized Map<Integer, Integer> counts() {
        return Map.copyOf(begun);
    }

    /** The command of number n stands in line n + 2. */
    String dockerfile() {
        return "FROM debian:bookworm\nSHELL [\"/bin/bash\", \"-ec\"]\n"
                + IntStream.rangeClosed(1, number)
                        .mapToObj(command ->
                                "RUN exec 3<>/dev/tcp/%s/%d; printf 'GET /%d HTTP/1.0\\r\\n\\r\\n' >&3; read -r _ code _ <&3; test $code = 200; echo %d >/file-%d\n"
                                        .formatted(
                                                server.getAddress().getHostString(),
                                                server.getAddress().getPort(),
                                                command,
                                                command,
                                                command))
                        .collect(Collectors.joining());
    }

    /** The commands that the status tells as done, by this attempt or an earlier one. */
    static Set<Integer> finished(ImageBuild build) {
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

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
