package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.builder.Build;
import dev.strata.builder.BuildSettings;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The contracts of snapshots and OCI runtimes, the ways out of RUN and whole builds with commands, in a pod as builders
 * have it: the tests are put into an image above Strata's own, and run there in a builder's place.
 */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class SandboxInPodTest {
    private static final List<String> CLASSES = List.of(
            "dev.strata.sandbox.OverlaySnapshotsTest",
            "dev.strata.sandbox.CopiedSnapshotsTest",
            "dev.strata.sandbox.StateFolderTest",
            "dev.strata.sandbox.CrunTest",
            "dev.strata.sandbox.EscapeTest",
            "dev.strata.builder.RunTest");
    /** Libraries of the operator, which no builder loads. */
    private static final Pattern NOT_NEEDED = Pattern.compile(
            ".*/(io/fabric8|io/javaoperatorsdk|io/micrometer|io/prometheus|io/vertx|io/netty|org/bouncycastle|com/tngtech)/.*");

    private static final Pattern LAST = Pattern.compile("(?m)^tests: (\\d+) passed, (\\d+) failed, (\\d+) skipped$");

    @Test
    void snapshots_containers_and_builds_hold_their_contracts_in_an_unprivileged_pod(@TempDir Path folder)
            throws IOException {
        try (Workspace workspace = Workspace.open("baseline")) {
            List<String> classes = new ArrayList<>(CLASSES);
            classes.add("dev.strata.sandbox.RuncTest");
            assertAllPass(
                    run(workspace, image(workspace, folder), "userNamespace", "{procMount: Unmasked}", classes), 180);
        }
    }

    /** The class's second choice, where the nodes' own filter of system calls forbids a nested user namespace. */
    @Test
    void they_hold_as_well_with_one_capability_more_under_the_nodes_filter(@TempDir Path folder) throws IOException {
        try (Workspace workspace = Workspace.open("privileged")) {
            String context =
                    "{allowPrivilegeEscalation: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL], add: ["
                            + "SYS_ADMIN, NET_ADMIN, SETPCAP, SETUID, SETGID, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETFCAP, SYS_CHROOT]}}";
            assertAllPass(run(workspace, image(workspace, folder), "sysAdmin", context, CLASSES), 115);
        }
    }

    private static void assertAllPass(String log, int fewest) {
        Matcher last = LAST.matcher(log); // what comes on standard error may stand behind it
        assertThat(last.find()).as(log).isTrue();
        assertThat(last.group(2)).as(log).isEqualTo("0");
        assertThat(Integer.parseInt(last.group(1))).as(log).isGreaterThan(fewest);
    }

    /** Strata's own image with the tests beside it, built by this process: that needs no command. */
    private static String image(Workspace workspace, Path folder) throws IOException {
        String own = TestCluster.operatorImage(workspace.client());
        Path context = Files.createDirectory(folder.resolve("context"));
        lay(context.resolve("suite"));
        for (String program : List.of("/bin/busybox", "/usr/sbin/runc")) {
            Assumptions.assumeTrue(Files.isExecutable(Path.of(program)), "there is no " + program);
            Files.copy(Path.of(program), context.resolve(Path.of(program).getFileName()));
        }
        String name = workspace.repository() + "/suite:latest";
        Plan plan = new Plan(
                "suite",
                new Plan.Source.Folder(context.toString(), false),
                new Plan.DockerfileAt(
                        null, "FROM " + own + "\nCOPY busybox /bin/\nCOPY runc /usr/sbin/\nCOPY suite /suite\n"),
                null,
                new LinkedHashMap<>(),
                Platform.host(),
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                List.of(),
                "default",
                false,
                new Plan.Output(
                        List.of(Reference.parse(name)), List.of(), new TreeMap<>(), new TreeMap<>(), "zstd", null),
                Plan.Cache.NONE,
                false,
                List.of(),
                false,
                null,
                new Plan.Registries(new TreeMap<>(), List.of(workspace.cluster.registry()), List.of(), null),
                null,
                null,
                null);
        BuildSettings settings =
                new BuildSettings(folder.resolve("state"), folder.resolve("temporary"), false, null, 2);
        Outcome outcome = new Build(plan, settings, event -> {}, Clock.systemUTC()).run();
        assertThat(outcome).isInstanceOf(Outcome.Built.class);
        return name;
    }

    /** A folder that the launcher takes for an installed Strata, whose jar runs the tests. */
    private static void lay(Path suite) throws IOException {
        Files.createDirectories(suite.resolve("bin"));
        Files.copy(
                Path.of("bin/strata"), suite.resolve("bin/strata"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Files.createSymbolicLink(suite.resolve("runtime"), Path.of("/opt/strata/runtime"));
        List<String> entries = new ArrayList<>();
        int number = 0;
        for (Path entry : classPath()) {
            String name = "lib/" + number++ + "-" + entry.getFileName();
            copy(entry, suite.resolve(name));
            entries.add(Files.isDirectory(entry) ? name + "/" : name);
        }
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, "dev.strata.sandbox.SuiteInPod");
        attributes.put(Attributes.Name.CLASS_PATH, String.join(" ", entries));
        try (OutputStream out = Files.newOutputStream(suite.resolve("strata.jar"))) {
            new JarOutputStream(out, manifest).close();
        }
    }

    /** Of these tests themselves; Surefire keeps it to itself, since it would be too long for a command line. */
    private static List<Path> classPath() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(path.split(File.pathSeparator))
                .filter(entry -> !NOT_NEEDED.matcher(entry).matches())
                .map(Path::of)
                .filter(Files::exists)
                .toList();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path target = to.resolve(from.relativize(path).toString());
                Files.createDirectories(Objects.requireNonNull(target.getParent()));
                if (Files.isRegularFile(path)) {
                    Files.copy(path, target);
                }
            }
        }
    }

    /** The pod is made as {@code DesiredPod} makes one. */
    private static String run(
            Workspace workspace, String image, String isolation, String securityContext, List<String> classes) {
        workspace.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: suite}
                spec:
                  restartPolicy: Never
                  automountServiceAccountToken: false
                  hostUsers: false
                  containers:
                  - name: builder
                    image: "%s"
                    command: [/suite/bin/strata, builder]
                    env:
                    - {name: STRATA_ISOLATION, value: %s}
                    - {name: SUITE, value: "%s"}
                    securityContext: %s
                    volumeMounts:
                    - {name: tmp, mountPath: /tmp}
                  volumes:
                  - {name: tmp, emptyDir: {}}
                """.formatted(image, isolation, String.join(" ", classes), securityContext));
        Pod ended = workspace
                .client()
                .pods()
                .inNamespace(workspace.name)
                .withName("suite")
                .waitUntilCondition(
                        pod -> pod != null
                                && List.of("Succeeded", "Failed")
                                        .contains(pod.getStatus().getPhase()),
                        600,
                        TimeUnit.SECONDS);
        return workspace.logOf(ended.getMetadata().getName()).stripTrailing();
    }
}
