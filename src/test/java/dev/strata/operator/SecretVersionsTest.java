package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SecretVersionsTest {
    private final Map<String, Secret> secrets = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<ResourceID> woken = new CopyOnWriteArrayList<>();
    private final List<ImageBuild> builds = new CopyOnWriteArrayList<>();
    private final SecretVersions versions = new SecretVersions(
            (namespace, name) -> {
                asked.add(namespace + "/" + name);
                return Optional.ofNullable(secrets.get(namespace + "/" + name));
            },
            builds::stream,
            woken::add,
            Duration.ofMillis(1));

    @AfterEach
    void close() {
        versions.close();
    }

    private void secret(String name, String version) {
        secrets.put(
                name,
                new SecretBuilder()
                        .withNewMetadata()
                        .withUid("1")
                        .withResourceVersion(version)
                        .endMetadata()
                        .build());
    }

    private ResourceID build(String namespace, String name, String spec) {
        builds.add(Serialization.unmarshal("""
                metadata: {name: %s, namespace: %s}
                spec: {%s}
                """.formatted(name, namespace, spec), ImageBuild.class));
        return new ResourceID(name, namespace);
    }

    private void rounds() {
        int before = asked.size();
        int each = asked.stream().distinct().toList().size();
        await().until(() -> asked.size() >= before + 3 * Math.max(each, 1));
    }

    @Test
    void onlyWhatIsNamedIsAskedForAndEachSecretOnceARound() {
        build("team-a", "one", "secrets: [{id: npm, secretRef: {name: npm, key: token}}]");
        build("team-a", "two", "secrets: [{id: npm, secretRef: {name: npm, key: token}}]");
        build("team-b", "one", "source: {git: {url: \"https://git.example/shop.git\", secretRef: {name: git}}}");
        build("team-b", "plain", "target: runtime");

        versions.start();
        await().until(() -> asked.size() >= 4);

        assertThat(asked).containsOnly("team-a/npm", "team-b/git");
        assertThat(asked.subList(0, 4)).containsExactly("team-a/npm", "team-b/git", "team-a/npm", "team-b/git");
    }

    @Test
    void theFirstLookAndEachChangeWakeTheBuildsThatNameItAndNobodyElse() {
        ResourceID one = build("team-a", "one", "secrets: [{id: npm, secretRef: {name: npm, key: token}}]");
        ResourceID two = build("team-a", "two", "secrets: [{id: npm, secretRef: {name: npm, key: token}}]");
        secret("team-a/npm", "1");
        versions.start();
        await().untilAsserted(() -> assertThat(woken).containsExactly(one, two));
        rounds();
        assertThat(woken).as("an unchanged secret wakes nobody").hasSize(2);

        secret("team-a/npm", "2");
        await().untilAsserted(() -> assertThat(woken).hasSize(4));
        secrets.clear();
        await().untilAsserted(() -> assertThat(woken).as("it is gone").hasSize(6));
        rounds();
        assertThat(woken).hasSize(6).containsOnly(one, two);
    }

    @Test
    void whatCannotBeReadIsAskedForAgain() {
        SecretVersions failing = new SecretVersions(
                (namespace, name) -> {
                    asked.add(name);
                    if (asked.size() < 3) {
                        throw new IllegalStateException("the API server is away");
                    }
                    return Optional.empty();
                },
                builds::stream,
                woken::add,
                Duration.ofMillis(1));
        ResourceID one = build("team-a", "one", "secrets: [{id: npm, secretRef: {name: npm, key: token}}]");

        failing.start();
        await().untilAsserted(() -> assertThat(woken).containsExactly(one));
        failing.close();
    }
}
