package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code strata explain} and {@code strata cache}, on caches that {@code strata build} filled. */
class ExplainCommandTest {
    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path context;

    @BeforeEach
    void begin() throws IOException {
        context = Files.createDirectory(folder.resolve("context"));
        Files.writeString(context.resolve("Dockerfile"), """
                FROM scratch AS build
                COPY in /out
                FROM scratch
                COPY a /
                COPY --from=build /out /app
                COPY b /
                """);
        for (String file : List.of("in", "a", "b")) {
            Files.writeString(context.resolve(file), file);
        }
    }

    @AfterEach
    void end() {
        registry.close();
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine line = Main.commandLine();
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    private int on(String command, String... more) {
        List<String> all = new ArrayList<>(List.of(
                command,
                "--state",
                folder.resolve("state").toString(),
                "--cache-repo",
                registry.host() + "/shop-cache"));
        all.addAll(List.of(more));
        if (!command.equals("cache")) {
            all.add(context.toString());
        }
        return run(all.toArray(String[]::new));
    }

    private List<String> states(String... more) throws IOException {
        List<String> all = new ArrayList<>(List.of(more));
        all.add("--format=json");
        assertThat(on("explain", all.toArray(String[]::new))).as(err.toString()).isZero();
        List<String> states = new ArrayList<>();
        for (JsonNode step : Json.MAPPER.readTree(out.toString()).path("steps")) {
            String reason = step.path("reason").asText("");
            states.add(step.path("state").asText() + (reason.isEmpty() || reason.equals("null") ? "" : ": " + reason));
        }
        return states;
    }

    @Test
    void aComingBuildIsExplainedAndNothingIsBuilt() throws IOException {
        assertThat(states())
                .containsExactly(
                        "missed: nothing like it was built before",
                        "missed: nothing like it was built before",
                        "open: it reads what [build 1] will make",
                        "open: it reads what [build 1] will make");
        assertThat(registry.tags("shop-cache")).isEmpty();
        on("build", "--progress=quiet");
        assertThat(states()).containsOnly("cached").hasSize(4);
        Files.writeString(context.resolve("b"), "changed");
        assertThat(states()).containsExactly("cached", "cached", "cached", "missed: b changed");
        assertThat(states("--no-cache")).contains("missed: the cache was switched off");
        Files.writeString(context.resolve("b"), "b");
        assertThat(states("--cache-max-age=1d")).containsOnly("cached");
    }

    @Test
    void anExplanationForPeopleNamesPlaceAndReason() throws IOException {
        on("build", "--progress=quiet");
        Files.writeString(context.resolve("a"), "changed");
        assertThat(on("explain")).isZero();
        assertThat(out.toString())
                .contains("[stage-1 1 :4] COPY a /\n    missed: a changed\n")
                .contains("[build 1 :2] COPY in /out\n    cached\n")
                .contains("1 of 4 cached");
    }

    @Test
    void anEarlierBuildIsExplainedFromItsLog() throws IOException {
        Path log = Files.writeString(folder.resolve("log"), """
                #1 [build 1/1 :2] RUN make
                #2 [stage-1 1/1 :4] COPY a /
                #1 STARTED
                #1 MISSED the command changed
                #1 0.100 #2 CACHED is what the command says
                a line of nobody
                #1 DONE 1.0s
                #2 CACHED
                """);
        assertThat(run("explain", "--log", log.toString())).isZero();
        assertThat(out.toString()).isEqualTo("""
                        [build 1 :2] RUN make
                            missed: the command changed
                        [stage-1 1 :4] COPY a /
                            cached
                        1 of 2 cached
                        """);
    }

    @Test
    void aBuildThatCannotBeBegunIsSaid() throws IOException {
        Files.writeString(context.resolve("Dockerfile"), "FROM scratch\nCOPY nothing /\n");
        assertThat(on("explain")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("Dockerfile:2").contains("nothing");
    }

    @Test
    void aCacheIsListedAndPruned() throws IOException {
        on("build", "--progress=quiet");
        assertThat(on("cache", "list")).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("step ")
                .contains("stage-1/1 COPY")
                .contains("build ")
                .contains("4 steps");
        assertThat(on("cache", "prune", "--keep-bytes=0", "--dry-run", "--format=json"))
                .isZero();
        assertThat(Json.MAPPER.readTree(out.toString()).path("removed").size()).isPositive();
        assertThat(registry.tags("shop-cache")).isNotEmpty();
        assertThat(on("cache", "prune", "--keep-bytes=0")).isZero();
        assertThat(out.toString()).contains(" were removed, ");
        assertThat(registry.tags("shop-cache")).noneMatch(tag -> tag.startsWith("step-"));
        String state = folder.resolve("state").toString();
        assertThat(run("cache", "list", "--state", state)).isZero();
        assertThat(out.toString()).contains("stage-1/3 COPY");
        assertThat(run("cache", "prune", "--older-than=1d", "--state", state)).isZero();
        assertThat(out.toString()).contains("0 items were removed");
    }

    @Test
    void pruneWantsALimitThatCanBeRead() {
        assertThat(run("cache", "prune")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("--older-than or --keep-bytes");
        assertThat(run("cache", "prune", "--older-than", "soon")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("must look like 30s, 90m, 12h, 7d or 1d12h");
        assertThat(run("cache", "prune", "--keep-bytes", "much")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("must look like 500MB, 10GB or 4GiB");
        assertThat(run("cache", "list", "--dry-run")).isEqualTo(Main.USAGE);
    }
}
