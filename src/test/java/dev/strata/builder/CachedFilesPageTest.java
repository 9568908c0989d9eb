package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rows of docs/cache.md about what changes outside of a Dockerfile, each built. */
class CachedFilesPageTest {
    private static final String LAST = "FROM BASE\nCOPY dir /dir\nCOPY --from=build /out /app\n";

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private Workbench bench;
    private int number;

    private interface Change {
        void make() throws IOException;
    }

    @BeforeEach
    void begin() throws IOException {
        fresh();
    }

    @AfterEach
    void end() {
        registry.close();
    }

    private String base() {
        return registry.host() + "/base:1";
    }

    private void dockerfile(String stage) {
        bench.file("Dockerfile", "FROM scratch AS build\n" + stage + LAST.replace("BASE", base()));
    }

    /** Everything as before any change, built once. */
    private void fresh() throws IOException {
        bench = new Workbench(folder.resolve("case-" + ++number));
        pushBase("1");
        dockerfile("COPY in /out/x\nCOPY note /note\n");
        bench.file("in", "in").file("note", "1").file("beside", "1").file("dir/file", "content");
        bench.file(".dockerignore", "");
        Files.createSymbolicLink(path("dir/link"), Path.of("file"));
        bench.digest();
    }

    private void pushBase(String content) {
        Workbench own = new Workbench(folder.resolve("base-" + content + "-" + number));
        own.file("Dockerfile", "FROM scratch\nCOPY base /base\n").file("base", content);
        own.digest(base());
    }

    private Path path(String name) {
        return bench.context.resolve(name);
    }

    private Map<String, Change> changes() {
        Map<String, Change> all = new LinkedHashMap<>();
        all.put("nothing", () -> {});
        all.put("the time of a file", () -> Files.setLastModifiedTime(path("dir/file"), FileTime.from(Instant.EPOCH)));
        all.put("a file that no step reads", () -> bench.file("beside", "2"));
        all.put("the content of a file", () -> bench.file("dir/file", "other"));
        all.put(
                "the mode of a file",
                () -> Files.setPosixFilePermissions(path("dir/file"), PosixFilePermissions.fromString("rwxrwxrwx")));
        all.put("the name of a file", () -> Files.move(path("dir/file"), path("dir/renamed")));
        all.put("a file becomes a folder with the same bytes in it", () -> {
            Files.delete(path("dir/file"));
            bench.file("dir/file/file", "content");
        });
        all.put("the target of a link", () -> {
            Files.delete(path("dir/link"));
            Files.createSymbolicLink(path("dir/link"), Path.of("other"));
        });
        all.put(
                "the mode of a folder",
                () -> Files.setPosixFilePermissions(path("dir"), PosixFilePermissions.fromString("rwx------")));
        all.put("an empty folder appears", () -> Files.createDirectory(path("dir/empty")));
        all.put("`.dockerignore` leaves a file out", () -> bench.file(".dockerignore", "dir/file\n"));
        all.put("`.dockerignore` gets a comment", () -> bench.file(".dockerignore", "# why\n"));
        all.put("the stage is built anew and makes the same files", () -> bench.file("note", "2"));
        all.put("the stage makes another file", () -> bench.file("in", "other"));
        all.put(
                "the stage gives a file another owner",
                () -> dockerfile("COPY --chown=7:8 in /out/x\nCOPY note /note\n"));
        all.put("a build argument that the step does not see", () -> bench.args.put("OTHER", "1"));
        all.put("`--no-cache`", () -> bench.noCache = true);
        all.put("`--no-cache-filter` of the stage that copies", () -> bench.noCacheStages = List.of("stage-1"));
        all.put("the record is older than `--cache-max-age`", () -> {
            bench.cache = new Plan.Cache(null, null, Duration.ofDays(7).toSeconds(), null);
            bench.clock = Clock.offset(Clock.systemUTC(), Duration.ofDays(8));
        });
        all.put("the base's name means another image", () -> pushBase("2"));
        return all;
    }

    /** The reasons of the last stage's steps that were done, but for those that only follow another. */
    private List<String> reasons() {
        List<Integer> last = bench.events(dev.strata.plan.Event.StepKnown.class).stream()
                .filter(step -> step.stage().equals("stage-1"))
                .map(dev.strata.plan.Event.StepKnown::step)
                .toList();
        return bench.events(dev.strata.plan.Event.StepMissed.class).stream()
                .filter(missed -> last.contains(missed.step()))
                .map(dev.strata.plan.Event.StepMissed::reason)
                .filter(reason -> !reason.equals("a step before it changed"))
                .distinct()
                .toList();
    }

    @Test
    void everyRowIsTrue() throws IOException {
        List<String> rows = new ArrayList<>();
        rows.add("| what changes | then | and the reason is |");
        rows.add("|---|---|---|");
        for (Map.Entry<String, Change> change : changes().entrySet()) {
            fresh();
            change.getValue().make();
            bench.digest();
            List<String> reasons = reasons();
            rows.add("| " + change.getKey() + " | "
                    + (reasons.isEmpty()
                            ? "same | |"
                            : "new | `" + String.join(", ", reasons).replace(base(), "BASE") + "` |"));
        }
        assertThat(Files.readString(Path.of("docs/cache.md"))).contains(String.join("\n", rows));
    }
}
