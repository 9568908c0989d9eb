package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.EventLog;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BuilderCommandTest {
    @TempDir
    Path folder;

    private Path log = Path.of("");

    private int build(String dockerfile, List<Reference> names) throws IOException {
        Plan plan = new Plan(
                "team/shop",
                new Plan.Source.Empty(),
                new Plan.DockerfileAt(null, dockerfile),
                null,
                new LinkedHashMap<>(),
                Platform.host(),
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                List.of(),
                "default",
                false,
                new Plan.Output(names, List.of(), new TreeMap<>(), new TreeMap<>(), "gzip", null),
                Plan.Cache.NONE,
                false,
                List.of(),
                false,
                null,
                Plan.Registries.NONE,
                null,
                null,
                null);
        Path file = folder.resolve("plan.json");
        Files.write(file, Json.bytes(plan));
        return command(file);
    }

    private int command(Path plan) throws IOException {
        log = Files.createFile(folder.resolve("termination-log"));
        return new CommandLine(new BuilderCommand())
                .execute("--plan=" + plan, "--work=" + folder.resolve("work"), "--termination-log=" + log);
    }

    private Outcome kept() throws IOException {
        return Json.read(Files.readAllBytes(log), Outcome.class);
    }

    private Failure failure() throws IOException {
        return kept() instanceof Outcome.Failed(Failure failure)
                ? failure
                : new Failure(Failure.Cause.OURS, "it was built", null, null);
    }

    @Test
    void theOutcomeIsKeptForTheCluster() throws IOException {
        assertThat(build("FROM scratch\nCOPY <<hello /hello\nhi\nhello\n", List.of()))
                .isZero();
        assertThat(kept()).isInstanceOf(Outcome.Built.class);
    }

    @Test
    void aFailureIsKeptWithItsCause() throws IOException {
        assertThat(build("FROM scratch\nCOPY nope /\n", List.of())).isEqualTo(1);
        assertThat(failure().cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure().where()).isEqualTo("Dockerfile:2");
    }

    @Test
    void aLongFailureIsCutToWhatKubernetesKeeps() throws IOException {
        String wrong = IntStream.range(0, 300)
                .mapToObj(i -> "WRONG" + i + " with a line that is as long as people write them: éüñ")
                .collect(Collectors.joining("\n"));
        assertThat(build("FROM scratch\n" + wrong, List.of())).isEqualTo(1);
        assertThat(Files.size(log)).isBetween(100L, 4096L);
        assertThat(failure().cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure().what()).contains("WRONG0");
    }

    @Test
    void textsThatJsonMustEscapeAreCutToo() {
        Failure failure = new Failure(
                Failure.Cause.USER, "\u0001".repeat(5000), "\"".repeat(5000), "\\".repeat(5000), "€".repeat(5000));
        assertThat(BuilderCommand.message(new Outcome.Failed(failure))).hasSizeLessThanOrEqualTo(4096);
    }

    @Test
    void aBuiltImageWithManyNamesIsKeptWithThoseThatFit() throws IOException {
        List<Reference> names = IntStream.range(0, 200)
                .mapToObj(i -> Reference.parse("registry.example/a/rather/long/name/of/an/image:tag-" + i))
                .toList();
        Outcome built = new Outcome.Built(dev.strata.image.Digest.sha256(new byte[0]), names);
        byte[] message = BuilderCommand.message(built);
        assertThat(message).hasSizeLessThanOrEqualTo(4096);
        assertThat(Json.read(message, Outcome.class)).isInstanceOfSatisfying(Outcome.Built.class, read -> {
            assertThat(read.digest()).isEqualTo(dev.strata.image.Digest.sha256(new byte[0]));
            assertThat(read.names()).isNotEmpty();
        });
    }

    private String begins(String began, String now) throws IOException {
        Path uptime = Files.writeString(folder.resolve("uptime"), now);
        return BuilderCommand.begins("strata 0.1.0", began, uptime);
    }

    @Test
    void theFirstLineSaysHowLongItsStartTook() throws IOException {
        assertThat(begins("184.97", "185.25 340.13\n")).isEqualTo("strata 0.1.0 begins after 280ms");
    }

    @Test
    void whereNobodyKnowsHowLongTheFirstLineIsNoEvent() throws IOException {
        assertThat(BuilderCommand.begins("strata 0.1.0", null, folder)).isEqualTo("strata 0.1.0 begins");
        assertThat(BuilderCommand.begins("strata 0.1.0", "184.97", folder.resolve("none")))
                .isEqualTo("strata 0.1.0 begins");
        assertThat(begins("184.97", "3.02 1.00\n")).isEqualTo("strata 0.1.0 begins");
        assertThat(begins("", "3.02 1.00\n")).isEqualTo("strata 0.1.0 begins");
        assertThat(EventLog.read("strata 0.1.0 begins")).isEmpty();
    }

    @Test
    void aPlanThatCannotBeReadIsOurs() throws IOException {
        Path plan = folder.resolve("broken.json");
        Files.writeString(plan, "{");
        assertThat(command(plan)).isEqualTo(1);
        assertThat(failure().cause()).isEqualTo(Failure.Cause.OURS);
    }
}
