package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.strata.plan.Outcome;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Followers against a server that plays the API server for one pod: each connection gets what the test put in the queue. */
@Timeout(300)
class FollowersTest {
    private static final String KNOWN = "2026-01-01T12:00:00.5Z #1 [0 1/1 :1] RUN make\n";
    private static final String STARTED = "2026-01-01T12:00:01.5Z #1 STARTED\n";
    private static final String BUILT =
            "2026-01-01T12:00:02.5Z image " + Examples.digest('a') + " registry.example/shop:latest\n";

    private final Pod pod = new PodBuilder()
            .withNewMetadata()
            .withName("shop-1")
            .withNamespace("team-a")
            .withUid("uid-1")
            .addToAnnotations(PodLabels.PLATFORM, "linux/amd64")
            .endMetadata()
            .build();
    private final BlockingQueue<String> logs = new LinkedBlockingQueue<>();
    private final AtomicInteger wakes = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean gone;
    private HttpServer server;
    private KubernetesClient client;
    private Followers followers;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/v1/namespaces/team-a/pods/shop-1", this::handle);
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
        followers = new Followers(client, Duration.ofMillis(5));
    }

    @AfterEach
    void stop() {
        followers.close();
        client.close();
        server.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (gone) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            boolean log = exchange.getRequestURI().getPath().endsWith("/log");
            byte[] body = (log ? logs.take() : Serialization.asJson(pod)).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", log ? "text/plain" : "application/json");
            exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
            if (body.length > 0) {
                exchange.getResponseBody().write(body);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Followers.Follower follow() {
        return followers.follow(pod, wakes::incrementAndGet);
    }

    private static Progress.Seen seen(Followers.Follower follower) {
        return follower.progress().seen(null, 100);
    }

    @Test
    void aLogIsReadToItsOutcome() {
        logs.add(KNOWN + STARTED + BUILT);

        Followers.Follower follower = follow();

        await().until(follower::complete);
        assertThat(seen(follower).outcome()).isInstanceOf(Outcome.Built.class);
        assertThat(seen(follower).steps()).isEqualTo(1);
        await().untilAsserted(() -> assertThat(wakes).hasPositiveValue());
    }

    @Test
    void aLogThatBreaksOffIsReadAgainFromItsStart() {
        logs.add(KNOWN + STARTED);
        logs.add(KNOWN + STARTED + BUILT);

        Followers.Follower follower = follow();

        await().until(follower::complete);
        assertThat(seen(follower).steps()).as("not counted twice").isEqualTo(1);
        assertThat(seen(follower)
                        .status()
                        .stages()
                        .getFirst()
                        .steps()
                        .getFirst()
                        .started())
                .as("the time at which the line was written")
                .isEqualTo("2026-01-01T12:00:01Z");
    }

    @Test
    void aLogWithoutAnOutcomeIsGivenUpOnceThePodHasEnded() {
        for (int i = 0; i < 10; i++) {
            logs.add(KNOWN);
        }
        Followers.Follower follower = follow();
        follower.podEnded();

        await().until(follower::complete);
        assertThat(seen(follower).outcome()).isNull();
        await().untilAsserted(() -> assertThat(wakes).hasPositiveValue());
    }

    @Test
    void aPodThatIsGoneIsForgotten() {
        gone = true;

        follow();

        await().until(() -> followers.of("uid-1").isEmpty());
    }

    @Test
    void whatIsNoEventIsPassedOver() {
        logs.add("no time at all\nfailed to open the log file\n2026-01-01T12:00:00Z a stack trace\n" + BUILT);

        Followers.Follower follower = follow();

        await().until(follower::complete);
        assertThat(seen(follower).outcome()).isInstanceOf(Outcome.Built.class);
    }

    @Test
    void aPodIsFollowedOnce() {
        assertThat(follow()).isSameAs(follow());
        assertThat(followers.running()).isEqualTo(1);
    }
}
