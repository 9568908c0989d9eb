package dev.strata.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PlanTest {
    static Stream<Plan.Source> sources() {
        return Stream.of(
                new Plan.Source.Empty(),
                new Plan.Source.Folder("/context", true),
                new Plan.Source.Git("https://git.example/shop.git", "main", "web", true, "/secrets/git"),
                new Plan.Source.Git("https://git.example/shop.git", null, null, false, null),
                new Plan.Source.Http("https://files.example/a.tgz", "ab".repeat(32), null),
                new Plan.Source.Oci(Reference.parse("registry.example/context:1")),
                new Plan.Source.OciLayout("/layout", "latest"),
                new Plan.Source.StageAlias("build"));
    }

    @ParameterizedTest
    @MethodSource("sources")
    void everySourceSurvivesTheJourneyIntoThePod(Plan.Source source) throws IOException {
        Plan plan = plan(source);
        assertThat(Json.read(Json.bytes(plan), Plan.class)).isEqualTo(plan);
    }

    @Test
    void everyKindOfSourceIsTried() {
        assertThat(sources().map(Object::getClass).distinct())
                .hasSize(Plan.Source.class.getPermittedSubclasses().length);
    }

    @Test
    void theOrderOfArgumentsIsKeptAndAnArgumentMayHaveNoValue() throws IOException {
        Plan read = Json.read(Json.bytes(plan(new Plan.Source.Empty())), Plan.class);
        assertThat(read.args()).containsExactly(Map.entry("Z", "1"), Map.entry("B", "2"), entry("A", null));
    }

    @Test
    void anOutcomeFitsTheTerminationMessage() {
        Outcome built = new Outcome.Built(
                Digest.sha256(new byte[0]), List.of(Reference.parse("registry.example/team/a:latest")));
        assertThat(Json.bytes(built)).hasSizeLessThan(4096);
    }

    private static Map.Entry<String, @Nullable String> entry(String key, @Nullable String value) {
        return new java.util.AbstractMap.SimpleEntry<>(key, value);
    }

    private static Plan plan(Plan.Source source) {
        LinkedHashMap<String, @Nullable String> args = new LinkedHashMap<>();
        args.put("Z", "1");
        args.put("B", "2");
        args.put("A", null);
        return new Plan(
                "team-a/shop",
                source,
                new Plan.DockerfileAt("Dockerfile", null),
                "runtime",
                args,
                Platform.parse("linux/amd64"),
                new TreeMap<>(Map.of("npm", new Plan.SecretAt("/secrets/npm", null))),
                new TreeMap<>(),
                new TreeMap<>(Map.of("assets", new Plan.Source.Oci(Reference.parse("registry.example/assets:3")))),
                List.of("db:10.0.0.1"),
                "none",
                false,
                new Plan.Output(
                        List.of(Reference.parse("registry.example/team-a/shop:latest")),
                        List.of(new Plan.Export("oci", "/out")),
                        new TreeMap<>(Map.of("a", "b")),
                        new TreeMap<>(),
                        "zstd",
                        3),
                new Plan.Cache(
                        Reference.parse("registry.example/team-a/shop-cache-untrusted"),
                        Reference.parse("registry.example/team-a/shop-cache"),
                        86_400L,
                        new Plan.CleanUp(604_800L, 10_000_000_000L, 86_400)),
                true,
                List.of("build"),
                true,
                1_700_000_000L,
                new Plan.Registries(
                        new TreeMap<>(Map.of("docker.io", "http://127.0.0.1:5000")),
                        List.of("registry.example"),
                        List.of("/docker"),
                        "/ca.pem"),
                null,
                null,
                new Plan.Limits(1L << 30, 5));
    }
}
