package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventRecorderTest {
    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
    private KubernetesClient client;

    @BeforeEach
    void start() {
        server.init();
        client = server.createClient();
    }

    @AfterEach
    void stop() {
        client.close();
        server.destroy();
    }

    private List<Event> warned(List<String> warnings) {
        ImageBuild build = new ImageBuild();
        build.setMetadata(new ObjectMetaBuilder()
                .withName("shop")
                .withNamespace("team-a")
                .withUid("1")
                .build());
        new EventRecorder(client, Clock.fixed(Examples.NOW, ZoneOffset.UTC)).warned(build, warnings);
        return client.v1().events().inNamespace("team-a").list().getItems();
    }

    @Test
    void oneEventSumsUpAllWarnings() {
        assertThat(warned(List.of("Dockerfile:1: A: one", "Dockerfile:2: B: two")))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.getType()).isEqualTo("Warning");
                    assertThat(event.getReason()).isEqualTo("BuildWarnings");
                    assertThat(event.getMessage()).isEqualTo("2 warnings: Dockerfile:1: A: one; Dockerfile:2: B: two");
                    assertThat(event.getInvolvedObject().getName()).isEqualTo("shop");
                });
    }

    @Test
    void aBuildWithoutWarningsHasNoSuchEvent() {
        assertThat(warned(List.of())).isEmpty();
    }
}
