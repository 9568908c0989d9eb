package dev.strata.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventLogTest {
    private static final Digest BLOB = Digest.sha256(new byte[] {1});
    private static final Digest TAR = Digest.sha256(new byte[] {2});
    private static final Layer LAYER = new Layer(new Descriptor(MediaTypes.LAYER_GZIP, BLOB, 12345678), TAR);

    static Stream<Event> events() {
        return Stream.of(
                new Event.Begun("0.1.0-SNAPSHOT", 280),
                new Event.Planned(Platform.parse("linux/arm64"), 12, 1),
                new Event.SourceReady("git", "9f1c02ab and a word more"),
                new Event.BaseResolved(Reference.parse("debian:12"), BLOB),
                new Event.Warning(null, "Dockerfile:3: LegacyKeyValueFormat: write ENV key=value"),
                new Event.Note(2, "pulling debian:12"),
                new Event.StepKnown(5, "build", 2, 4, 7, "RUN npm ci && echo [a b]"),
                new Event.StepStarted(5),
                new Event.StepOutput(5, 12.041, "output of the command"),
                new Event.StepOutput(5, 0, ""),
                new Event.StepCached(5),
                new Event.StepMissed(5, "package.json changed"),
                new Event.StepMemory(5, 183_500_800L),
                new Event.BaseUsed(Reference.parse("docker.io/library/debian:12"), ""),
                new Event.BaseUsed(Reference.parse("docker.io/library/debian:12"), "Dockerfile:7 RUN make"),
                new Event.StepHeld(5, 1800, "RUN false: exit code 1"),
                new Event.StepDone(5, 41.2),
                new Event.StepFailed(5, 0.3, "exit code 3"),
                new Event.StepCanceled(6),
                new Event.StepLayer(5, LAYER, 23456789),
                new Event.StackLayer(LAYER, true, "ADD rootfs.tar / # buildkit"),
                new Event.StackLayer(LAYER, false, ""),
                new Event.Ended(new Outcome.Built(BLOB, List.of(Reference.parse("registry.example:5000/a/b:latest")))),
                new Event.Ended(new Outcome.Built(BLOB, List.of())),
                new Event.Ended(new Outcome.Failed(new Failure(
                        Failure.Cause.USER, "RUN x: exit code 3", "Dockerfile:7", "see above", "line one\nline two"))));
    }

    @ParameterizedTest
    @MethodSource("events")
    void everyEventIsOneLineThatReadsBackAsItself(Event event) {
        String line = EventLog.write(event);
        assertThat(line).doesNotContain("\n");
        assertThat(EventLog.read(line)).contains(event);
    }

    @Test
    void everyKindOfEventIsTried() {
        assertThat(events().map(Object::getClass).distinct()).hasSize(Event.class.getPermittedSubclasses().length);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#5 DONE 1.0s",
                "image sha256:0000000000000000000000000000000000000000000000000000000000000000 evil.example/a:b",
                "failed {}",
                "#5 12.041 #5 DONE 1.0s",
                "a\n#5 DONE 1.0s",
                "a\r\nfailed {}"
            })
    void whatACommandWritesIsNeverAnEventOfItsOwn(String text) {
        String line = EventLog.write(new Event.StepOutput(5, 1.5, text));
        assertThat(line).doesNotContain("\n").doesNotContain("\r");
        assertThat(EventLog.read(line)).get().isInstanceOf(Event.StepOutput.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "#",
                "#5",
                "#x DONE 1.0s",
                "#5 DONE soon",
                "#5 layer sha256:12 3",
                "#99999999999 STARTED",
                "plan linux/amd64 many steps 0 skipped",
                "stack other sha256:00 1 x diff sha256:00",
                "image not-a-digest",
                "failed {\"cause\":\"NOBODY\"}",
                "failed {",
                "OpenJDK 64-Bit Server VM warning: x",
                "Exception in thread main"
            })
    void whatIsNotOfTheGrammarIsNoEvent(String line) {
        assertThat(EventLog.read(line)).isEmpty();
    }

    @Test
    void aStageWithoutAWordIsWrittenAsOne() {
        assertThat(EventLog.write(new Event.StepKnown(1, "a b", 1, 1, 0, "FROM x")))
                .isEqualTo("#1 [a_b 1/1 :0] FROM x");
    }
}
