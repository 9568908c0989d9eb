package dev.strata.operator;

import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.ImageBuildSpec.Concurrency;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Inputs;
import dev.strata.api.PodSettings;
import dev.strata.api.PodTemplate;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Plan;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Observations to decide on, made of few words. */
final class Examples {
    static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    static final Platform PLATFORM = Platform.parse("linux/amd64");
    static final String HASH = digest('1');
    static final String OTHER_HASH = digest('2');
    static final String SETTINGS = "settings";

    static final Outside.Access ACCESS = new Outside.Access("team-a", new TreeMap<>(), List.of(), null, List.of());

    static final Wanted.Course COURSE = new Wanted.Course(
            "default",
            0,
            Queue.Limits.NONE,
            Concurrency.LATEST,
            List.of(),
            null,
            Duration.ofHours(1),
            Duration.ofHours(24),
            Duration.ZERO);

    private Examples() {}

    static String digest(char digit) {
        return "sha256:" + Character.toString(digit).repeat(64);
    }

    static AnObservation observed() {
        return new AnObservation();
    }

    static APod pod(int attempt, BuilderPod.State state) {
        return new APod(attempt, state);
    }

    static AnAttempt attempt(int number) {
        return new AnAttempt(number);
    }

    static AnAttempt failed(int number, Fault fault, Reason reason) {
        AnAttempt attempt = attempt(number);
        attempt.state = Attempt.State.FAILED;
        attempt.fault = fault;
        attempt.reason = reason;
        return attempt;
    }

    static Wanted.Valid valid(String hash) {
        Plan plan = new Plan(
                "team-a/shop",
                new Plan.Source.Empty(),
                new Plan.DockerfileAt(null, "FROM scratch\n"),
                null,
                new LinkedHashMap<>(),
                PLATFORM,
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                List.of(),
                "default",
                false,
                new Plan.Output(
                        List.of(Reference.parse("registry.example/shop:latest")),
                        List.of(),
                        new TreeMap<>(),
                        new TreeMap<>(),
                        "gzip",
                        null),
                Plan.Cache.NONE,
                false,
                List.of(),
                false,
                null,
                Plan.Registries.NONE,
                null,
                null,
                null);
        Wanted.Pod pod = new Wanted.Pod(
                plan,
                List.of(),
                Isolation.AUTO,
                "strata:1",
                "IfNotPresent",
                "default",
                PodSettings.NONE,
                PodTemplate.NONE,
                null,
                Map.of(),
                Duration.ofHours(1),
                null,
                SETTINGS);
        return new Wanted.Valid(
                hash,
                List.of(PLATFORM),
                Reference.parse("registry.example/shop"),
                pod,
                null,
                COURSE,
                ACCESS,
                Found.NOTHING,
                List.of());
    }

    /** Of several platforms, which an index joins. */
    static Wanted.Valid valid(List<Platform> platforms, List<Platform> allowMissing) {
        Wanted.Valid plain = valid(HASH);
        return new Wanted.Valid(
                HASH,
                platforms,
                plain.repository(),
                plain.pod(),
                new Wanted.Names(List.of("latest"), true, new TreeMap<>()),
                course(Concurrency.LATEST, allowMissing, null),
                ACCESS,
                Found.NOTHING,
                List.of());
    }

    static Wanted.Valid valid(Concurrency concurrency) {
        return valid(valid(HASH).pod(), course(concurrency, List.of(), null));
    }

    /** With a limit of memory, and perhaps the most that the class allows. */
    static Wanted.Valid valid(Quantity limit, @Nullable Quantity most) {
        Wanted.Pod plain = valid(HASH).pod();
        Wanted.Pod pod = new Wanted.Pod(
                plain.plan(),
                plain.mounts(),
                plain.isolation(),
                plain.image(),
                plain.imagePullPolicy(),
                plain.serviceAccount(),
                new PodSettings(new PodSettings.Resources(Map.of(), Map.of("memory", limit)), Map.of(), List.of()),
                plain.template(),
                plain.proxy(),
                plain.nodes(),
                plain.timeout(),
                plain.caBundle(),
                plain.fingerprint());
        return valid(pod, course(Concurrency.LATEST, List.of(), most));
    }

    private static Wanted.Course course(
            Concurrency concurrency, List<Platform> allowMissing, @Nullable Quantity mostMemory) {
        return new Wanted.Course(
                COURSE.className(),
                COURSE.priority(),
                COURSE.limits(),
                concurrency,
                allowMissing,
                mostMemory,
                COURSE.keepSucceeded(),
                COURSE.keepFailed(),
                COURSE.hold());
    }

    private static Wanted.Valid valid(Wanted.Pod pod, Wanted.Course course) {
        Wanted.Valid plain = valid(HASH);
        return new Wanted.Valid(
                HASH, plain.platforms(), plain.repository(), pod, null, course, ACCESS, Found.NOTHING, List.of());
    }

    static final class APod {
        private final int attempt;
        private final BuilderPod.State state;
        private String inputs = HASH;
        private String settings = SETTINGS;
        private String platform = PLATFORM.toString();
        private @Nullable Instant finished;
        private boolean leaving;

        private APod(int attempt, BuilderPod.State state) {
            this.attempt = attempt;
            this.state = state;
        }

        APod of(String hash) {
            inputs = hash;
            return this;
        }

        APod finished(Instant time) {
            finished = time;
            return this;
        }

        APod on(String otherPlatform) {
            platform = otherPlatform;
            return this;
        }

        APod settings(String fingerprint) {
            settings = fingerprint;
            return this;
        }

        APod leaving() {
            leaving = true;
            return this;
        }

        BuilderPod read() {
            return new BuilderPod(
                    podName(inputs, attempt, platform),
                    "uid-" + attempt,
                    inputs,
                    settings,
                    platform,
                    attempt,
                    1,
                    "userNamespace",
                    leaving,
                    NOW.minusSeconds(30),
                    finished,
                    state);
        }
    }

    private static String podName(String inputs, int attempt, String platform) {
        String tail = platform.equals(PLATFORM.toString()) ? "" : "-" + platform.replace('/', '-');
        return "shop-" + inputs.substring(7, 12) + "-" + attempt + tail;
    }

    static final class AnAttempt {
        private final int number;
        private Attempt.State state = Attempt.State.RUNNING;
        private String platform = PLATFORM.toString();
        private @Nullable String memory;
        private @Nullable Fault fault;
        private @Nullable Reason reason;

        private AnAttempt(int number) {
            this.number = number;
        }

        AnAttempt on(String otherPlatform) {
            platform = otherPlatform;
            return this;
        }

        AnAttempt memory(String limit) {
            memory = limit;
            return this;
        }

        AnAttempt running() {
            return this;
        }

        AnAttempt succeeded() {
            state = Attempt.State.SUCCEEDED;
            return this;
        }

        Attempt build() {
            boolean ended = state != Attempt.State.RUNNING;
            return new Attempt(
                    number,
                    platform,
                    podName(HASH, number, platform),
                    HASH,
                    1L,
                    memory,
                    state,
                    state == Attempt.State.SUCCEEDED ? digest('a') : null,
                    reason,
                    fault,
                    reason == null ? null : "it failed",
                    NOW.minusSeconds(60).toString(),
                    ended ? NOW.toString() : null,
                    null);
        }
    }

    static final class AnObservation {
        private long generation = 1;
        private boolean suspended;
        private Wanted wanted = valid(HASH);
        private @Nullable String rebuild;
        private ImageBuildStatus status = ImageBuildStatus.NONE;
        private List<BuilderPod> pods = List.of();
        private int retries = 3;
        private Looked looked = Looked.NOWHERE;
        private Observed.@Nullable Sibling sibling;

        AnObservation generation(long newGeneration) {
            generation = newGeneration;
            return this;
        }

        AnObservation suspended() {
            suspended = true;
            return this;
        }

        AnObservation wanted(Wanted newWanted) {
            wanted = newWanted;
            return this;
        }

        AnObservation rebuild(String token) {
            rebuild = token;
            return this;
        }

        AnObservation retries(int limit) {
            retries = limit;
            return this;
        }

        AnObservation status(ImageBuildStatus newStatus) {
            status = newStatus;
            return this;
        }

        AnObservation built(String hash) {
            return status(status("registry.example/shop@" + digest('f'), hash, status.attempts()));
        }

        AnObservation attempts(AnAttempt... attempts) {
            List<Attempt> built = Arrays.stream(attempts).map(AnAttempt::build).toList();
            String hash = status.inputs() == null ? null : status.inputs().hash();
            return status(status(status.image(), hash, built));
        }

        private static ImageBuildStatus status(@Nullable String image, @Nullable String hash, List<Attempt> attempts) {
            return new ImageBuildStatus(
                    1L,
                    List.of(),
                    image,
                    List.of(),
                    hash == null ? null : new Inputs(hash, null, List.of()),
                    null,
                    null,
                    null,
                    null,
                    attempts,
                    List.of(),
                    List.of(),
                    null,
                    List.of(),
                    List.of());
        }

        AnObservation sibling(String name) {
            sibling = new Observed.Sibling(name, status("registry.example/shop@" + digest('e'), HASH, List.of()));
            return this;
        }

        AnObservation looked(Looked newLooked) {
            looked = newLooked;
            return this;
        }

        AnObservation pods(APod... newPods) {
            pods = Arrays.stream(newPods).map(APod::read).toList();
            return this;
        }

        Observed now() {
            return at(NOW);
        }

        Observed at(Instant now) {
            return new Observed(
                    generation,
                    suspended,
                    wanted,
                    rebuild,
                    status,
                    pods,
                    looked,
                    sibling,
                    true,
                    retries,
                    Duration.ofSeconds(5),
                    null,
                    now);
        }
    }
}
