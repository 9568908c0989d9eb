package dev.strata.operator;

import dev.strata.plan.Event;
import dev.strata.plan.EventLog;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the logs of the builder pods, one thread a pod, and folds them into what the builders have told.
 *
 * <p>A log is always read from its start: after a restart of the operator, and after a broken connection, the same
 * lines give the same progress. Whoever is interested is woken at most once a second for a running build.
 */
final class Followers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Followers.class);
    private static final Duration BETWEEN_WAKES = Duration.ofSeconds(1);
    /** Long enough to take in the many lines that come at once, short enough not to be felt. */
    private static final Duration GATHERING = Duration.ofMillis(50);

    private static final Duration CONNECTING = Duration.ofSeconds(30);
    private static final int FAILURES_WITH_AN_ENDED_POD = 3;

    private final KubernetesClient client;
    private final Duration betweenConnections;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("wake").factory());
    private final Map<String, Follower> followers = new ConcurrentHashMap<>();

    /** @param betweenConnections the pause before a log that broke off is asked for again */
    Followers(KubernetesClient client, Duration betweenConnections) {
        this.client = client;
        this.betweenConnections = betweenConnections;
    }

    /**
     * Follows a pod's log, if that is not done already.
     *
     * @param wake called when there is news; never while a lock is held
     */
    Follower follow(Pod pod, Runnable wake) {
        return followers.computeIfAbsent(pod.getMetadata().getUid(), uid -> {
            Follower follower = new Follower(pod, wake);
            follower.thread = Thread.ofVirtual()
                    .name("log-" + pod.getMetadata().getName())
                    .start(follower::run);
            return follower;
        });
    }

    Optional<Follower> of(String uid) {
        return Optional.ofNullable(followers.get(uid));
    }

    /** Forgets a pod that is gone, or whose end was recorded. */
    void forget(String uid) {
        Follower follower = followers.remove(uid);
        if (follower != null) {
            follower.stop();
        }
    }

    int running() {
        return (int) followers.values().stream()
                .filter(follower -> !follower.complete())
                .count();
    }

    @Override
    public void close() {
        timer.shutdownNow();
        followers.keySet().forEach(this::forget);
    }

    /** One pod's log. */
    final class Follower {
        private final String namespace;
        private final String name;
        private final String uid;
        private final String platform;
        private final Runnable wake;
        private final AtomicBoolean waking = new AtomicBoolean();
        private volatile Progress progress;
        private volatile boolean complete;
        private volatile boolean podEnded;
        private volatile boolean stopped;
        private volatile Instant lastWake = Instant.EPOCH;
        private volatile @Nullable InputStream open;
        private @Nullable Thread thread;

        private Follower(Pod pod, Runnable wake) {
            this.namespace = pod.getMetadata().getNamespace();
            this.name = pod.getMetadata().getName();
            this.uid = pod.getMetadata().getUid();
            this.platform = PodLabels.platform(pod);
            this.wake = wake;
            this.progress = new Progress(platform);
        }

        Progress progress() {
            return progress;
        }

        /** Whether all that the builder will ever say was read, or cannot be read any more. */
        boolean complete() {
            return complete;
        }

        /** Tells that the pod's container has ended, so that a log which cannot be read is not waited for for ever. */
        void podEnded() {
            podEnded = true;
        }

        private void stop() {
            stopped = true;
            InputStream stream = open;
            if (stream != null) {
                closeQuietly(stream);
            }
            if (thread != null) {
                thread.interrupt();
            }
        }

        private void run() {
            int failures = 0;
            while (!stopped && !complete) {
                boolean endedBefore = podEnded;
                try {
                    read();
                    failures = endedBefore ? FAILURES_WITH_AN_ENDED_POD : 0;
                } catch (IOException | KubernetesClientException e) {
                    failures++;
                    LOG.debug("the log of {}/{} cannot be read: {}", namespace, name, e.toString());
                }
                if (progress.seen(null, 0).outcome() != null
                        || (endedBefore && failures >= FAILURES_WITH_AN_ENDED_POD)) {
                    complete = true;
                } else if (isGone()) {
                    followers.remove(uid, this);
                    return; // whoever deletes a pod is told by the watch on pods
                } else if (!stopped) {
                    pause();
                }
            }
            if (!stopped) {
                wake.run();
            }
        }

        private boolean isGone() {
            try {
                Pod pod = client.pods().inNamespace(namespace).withName(name).get();
                return pod == null || !uid.equals(pod.getMetadata().getUid());
            } catch (KubernetesClientException e) {
                return false; // unknown is not gone
            }
        }

        private void pause() {
            try {
                Thread.sleep(betweenConnections);
            } catch (InterruptedException e) {
                stopped = true;
            }
        }

        /** Reads from the start to where the connection or the container ends. */
        private void read() throws IOException {
            Progress fresh = new Progress(platform);
            try (InputStream stream = connect();
                    Reader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                open = stream;
                LineReader lines = new LineReader(reader);
                for (String line = lines.next(); line != null && !stopped; line = lines.next()) {
                    take(fresh, line);
                    progress = fresh;
                }
            } finally {
                open = null;
            }
        }

        /** One request: the client's own way to follow a log lists and watches pods before it. */
        private InputStream connect() throws IOException {
            HttpRequest request = client.getHttpClient()
                    .newHttpRequestBuilder()
                    .uri(client.getMasterUrl() + "api/v1/namespaces/" + namespace + "/pods/" + name + "/log?container="
                            + DesiredPod.CONTAINER + "&timestamps=true&follow=true")
                    .build();
            try {
                HttpResponse<InputStream> response = client.getHttpClient()
                        .sendAsync(request, InputStream.class)
                        .get(CONNECTING.toSeconds(), TimeUnit.SECONDS);
                if (!response.isSuccessful()) {
                    response.body().close();
                    throw new IOException("the API server answers " + response.code());
                }
                return response.body();
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }

        /** A line as the kubelet gives it: the time at which it was written, a space, the text. */
        private void take(Progress fresh, String line) {
            int space = line.indexOf(' ');
            if (space < 0) {
                return;
            }
            Instant at;
            try {
                at = Instant.parse(line.substring(0, space));
            } catch (DateTimeParseException e) {
                return; // a message of the kubelet about the log itself
            }
            Optional<Event> event = EventLog.read(line.substring(space + 1));
            event.ifPresent(known -> {
                fresh.fold(at, known);
                if (!(known instanceof Event.StepOutput)) {
                    wakeSoon(known instanceof Event.Ended);
                }
            });
        }

        private void wakeSoon(boolean now) {
            if (now) {
                lastWake = Instant.now();
                wake.run();
                return;
            }
            if (waking.compareAndSet(false, true)) {
                Duration since = Duration.between(lastWake, Instant.now());
                Duration delay = since.compareTo(BETWEEN_WAKES) >= 0 ? GATHERING : BETWEEN_WAKES.minus(since);
                var _ = timer.schedule(this::wakeNow, delay.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        private void wakeNow() {
            waking.set(false);
            lastWake = Instant.now();
            if (!stopped) {
                wake.run();
            }
        }

        private static void closeQuietly(InputStream stream) {
            try {
                stream.close();
            } catch (IOException e) {
                LOG.debug("closing a log stream: {}", e.toString());
            }
        }
    }
}
