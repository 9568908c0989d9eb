package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus;
import dev.strata.plan.Plan;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What changes the hash of a build's inputs, and so starts a build, and what does not. */
class PlannerTest {
    private static final String INPUT = """
            apiVersion: strata.dev/v1alpha1
            kind: ImageBuild
            metadata: {name: shop, namespace: team-a, annotations: {note: x}}
            spec:
              source: {configMap: {name: files}}
              args: [{name: A, valueFrom: {configMapKeyRef: {name: settings, key: mirror}}}, {name: B, value: b}]
              secrets: [{id: npm, secretRef: {name: npm, key: token}}]
              ssh: [{id: default, secretRef: {name: deploy, key: ssh-privatekey}}]
              target: runtime
              output: {image: registry.example/shop, tags: ["1"], labels: {x: one, y: two}}
              timeout: 30m
              retry: {limit: 3}
              pod: {resources: {limits: {memory: 1Gi}}}
            ---
            apiVersion: strata.dev/v1alpha1
            kind: BuildClass
            metadata: {name: default}
            spec: {isolation: userNamespace, timeout: 2h}
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: default}
            imagePullSecrets: [{name: push}]
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: files, resourceVersion: "12"}
            data: {Dockerfile: FROM scratch, other: text}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data: {mirror: "http://packages.example", unused: x}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: npm, uid: 7d0c8a34-0000-4000-8000-000000000001}
            data: {token: b3Blbg==, other: eA==}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: deploy, uid: 7d0c8a34-0000-4000-8000-000000000002}
            data: {ssh-privatekey: a2V5}
            """;

    private static Wanted.Valid plan(String input) {
        OperatorSettings settings = new OperatorSettings("strata:1", "Always", null, Duration.ofSeconds(5));
        return (Wanted.Valid) Planner.plan(
                DesiredPodTest.gathered(input), ImageBuildStatus.NONE, Looked.NOWHERE, settings, Examples.NOW);
    }

    static Wanted planned(String classSettings, String spec) {
        String input = INPUT.replace("spec: {isolation: userNamespace, timeout: 2h}", "spec: {" + classSettings + "}")
                .replace("  timeout: 30m\n", "  timeout: 30m\n  " + spec + "\n");
        OperatorSettings settings = new OperatorSettings("strata:1", "Always", null, Duration.ofSeconds(5));
        return Planner.plan(
                DesiredPodTest.gathered(input), ImageBuildStatus.NONE, Looked.NOWHERE, settings, Examples.NOW);
    }

    private static final String UNTRUSTED =
            "cache: {image: \"registry.example/cache/{namespace}-untrusted\", trusted: \"registry.example/cache/{namespace}\"}";

    @Test
    void aClassThatIsTrustedLessReadsTheCacheOfTheOthersAndWritesItsOwn() {
        Plan.Cache cache = ((Wanted.Valid) planned(UNTRUSTED, "suspend: false"))
                .pod()
                .plan()
                .cache();
        assertThat(cache.repository()).hasToString("registry.example/cache/team-a-untrusted");
        assertThat(cache.trusted()).hasToString("registry.example/cache/team-a");
    }

    @Test
    void aBuildThatIsTrustedLessCannotNameTheTrustedCacheForItself() {
        String asOutput = "cache: {image: registry.example/own, trusted: registry.example/shop}";
        for (Wanted wanted : List.of(
                planned(UNTRUSTED, "cache: {image: registry.example/cache/team-a}"),
                planned(asOutput, "suspend: false"))) {
            assertThat(wanted)
                    .isInstanceOfSatisfying(
                            Wanted.Invalid.class,
                            invalid -> assertThat(invalid.message())
                                    .contains("builds of this class read the cache registry.example/")
                                    .contains("never write there"));
        }
    }

    @Test
    void aSecretForAnSshKeyThatIsNotThereIsWaitedFor() {
        OperatorSettings settings = new OperatorSettings("strata:1", "Always", null, Duration.ofSeconds(5));
        String input = INPUT.replace("metadata: {name: deploy,", "metadata: {name: other,");
        assertThat(Planner.plan(
                        DesiredPodTest.gathered(input), ImageBuildStatus.NONE, Looked.NOWHERE, settings, Examples.NOW))
                .isEqualTo(new Wanted.Missing(
                        "there is no secret \"deploy\" in the namespace, which spec.ssh[default].secretRef names"));
    }

    @Test
    void aClassMaySayWhatIsRemovedFromTheCache() {
        Plan.Cache cache = ((Wanted.Valid)
                        planned("cache: {cleanUp: {olderThan: 720h, keepBytes: 50Gi}}", "suspend: false"))
                .pod()
                .plan()
                .cache();
        assertThat(cache.cleanUp()).isEqualTo(new Plan.CleanUp(2_592_000L, 50L << 30, 86_400));
        assertThat(plan(INPUT).pod().plan().cache().cleanUp()).isNull();
    }

    private static Wanted.Valid withVolume(String cacheImage) {
        return (Wanted.Valid) planned(
                "cache: {volume: {persistentVolumeClaim: steps, keepBytes: 1Gi}}",
                "cache: {image: " + cacheImage + "}");
    }

    @Test
    void aVolumeOfTheClassIsSharedByBuildsWithTheSameCacheRepositoryOnly() {
        Wanted.Valid one = withVolume("registry.example/one");
        Plan.CacheVolume volume = one.pod().plan().cache().volume();
        assertThat(one.pod().mounts()).contains(new Wanted.Mount.Claim("steps", "/strata/steps", "steps"));
        assertThat(volume).isNotNull().satisfies(there -> {
            assertThat(there.path()).matches("/strata/steps/steps-[0-9a-f]{16}");
            assertThat(there.keepBytes()).isEqualTo(1L << 30);
        });
        assertThat(withVolume("registry.example/one").pod().plan().cache().volume())
                .isEqualTo(volume);
        assertThat(withVolume("registry.example/other").pod().plan().cache().volume())
                .isNotEqualTo(volume);
        assertThat(plan(INPUT).pod().plan().cache().volume()).isNull();
    }

    @Test
    void theShorterAgeCountsOfTheBuildsAndItsClasss() {
        for (String[] row : new String[][] {
            {"cache: {maxAge: 2h}", "cache: {maxAge: 1h}", "3600"},
            {"cache: {maxAge: 2h}", "cache: {maxAge: 3h}", "7200"},
            {"timeout: 1h", "cache: {maxAge: 3h}", "10800"},
            {"cache: {maxAge: 2h}", "cache: {}", "7200"},
        }) {
            Wanted.Valid wanted = (Wanted.Valid) planned(row[0], row[1]);
            assertThat(wanted.pod().plan().cache().maxAge())
                    .as(row[0] + " " + row[1])
                    .isEqualTo(Long.parseLong(row[2]));
        }
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "Dockerfile: FROM scratch|Dockerfile: FROM debian",
                "other: text|other: longer",
                "http://packages.example|http://other.example",
                "value: b|value: c",
                "token: b3Blbg==|token: c2VzYW1l",
                "ssh-privatekey: a2V5|ssh-privatekey: bmV3",
                "{id: default,|{id: github,",
                "target: runtime|target: build",
                "image: registry.example/shop|image: registry.example/till",
                "tags: [\"1\"]|tags: [\"2\"]",
                "x: one|x: two",
                "note: x|strata.dev/rebuild: again",
                "timeout: 30m|reproducible: true"
            },
            delimiter = '|')
    void whatChangesTheImageOrItsPlaceChangesTheHash(String from, String to) {
        assertThat(INPUT).contains(from);
        assertThat(plan(INPUT.replace(from, to)).hash())
                .isNotEqualTo(plan(INPUT).hash());
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "timeout: 30m|timeout: 40m",
                "timeout: 2h|timeout: 3h",
                "limit: 3|limit: 4",
                "memory: 1Gi|memory: 2Gi",
                "userNamespace|privileged",
                "name: push|name: other",
                "resourceVersion: \"12\"|resourceVersion: \"13\"",
                "unused: x|unused: y",
                "note: x|note: y",
                "x: one, y: two|y: two, x: one",
                "timeout: 30m|cache: {enabled: false}"
            },
            delimiter = '|')
    void whatDoesNotChangeTheImageDoesNotChangeTheHash(String from, String to) {
        assertThat(INPUT).contains(from);
        assertThat(plan(INPUT.replace(from, to)).hash()).isEqualTo(plan(INPUT).hash());
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "memory: 1Gi|memory: 2Gi",
                "userNamespace|privileged",
                "name: push|name: other",
                "timeout: 30m|timeout: 40m"
            },
            delimiter = '|')
    void whatChangesThePodChangesItsFingerprint(String from, String to) {
        assertThat(plan(INPUT.replace(from, to)).pod().fingerprint())
                .isNotEqualTo(plan(INPUT).pod().fingerprint());
    }

    @Test
    void everyConfigMapThatASpecNamesIsRead() {
        assertThat(Planner.configMaps(DesiredPodTest.gathered(INPUT).build().getSpec()))
                .isEqualTo(List.of("files", "settings"));
    }
}
