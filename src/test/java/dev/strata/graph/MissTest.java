package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Digest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

/** The sentences that say why a step was not in the cache. */
class MissTest {
    private static final Digest DIGEST = TestBases.digest("layer");
    private static final CacheKey KEY = new CacheKey("0".repeat(64));

    private static SequencedMap<String, String> ingredients(String... pairs) {
        SequencedMap<String, String> all = new LinkedHashMap<>();
        for (String pair : pairs) {
            all.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        return all;
    }

    private static String reason(SequencedMap<String, String> before, SequencedMap<String, String> now) {
        Step.Layered step =
                (Step.Layered) Requests.graph("FROM scratch\nRUN x").steps().getLast();
        CacheRecord record = new CacheRecord(
                KEY,
                "stage-0/2",
                before,
                java.util.List.of(),
                new FileSystem.Made(TestBases.layer(DIGEST), 0, null),
                Instant.EPOCH);
        return Miss.reason(step, now, record);
    }

    @Test
    void aFileIsNamed() {
        assertThat(reason(
                        ingredients("file package.json=1", "files=1", "parent=1"),
                        ingredients("file package.json=2", "files=2", "parent=1")))
                .isEqualTo("package.json changed");
        assertThat(reason(ingredients("files=1"), ingredients("file new.txt=2", "files=2")))
                .isEqualTo("new.txt is new");
        assertThat(reason(ingredients("file old.txt=1", "files=1"), ingredients("files=2")))
                .isEqualTo("old.txt is gone");
        assertThat(reason(
                        ingredients("file a=1", "file b=1", "file c=1", "files=1"),
                        ingredients("file a=2", "file b=2", "file c=2", "files=2")))
                .isEqualTo("a changed and 2 more");
    }

    @Test
    void whereFilesAreTooManyToBeKeptTheyChangedTogether() {
        assertThat(reason(ingredients("files=1"), ingredients("files=2"))).isEqualTo("the files it reads changed");
    }

    @Test
    void aVariableIsNamedWithBothValues() {
        assertThat(reason(ingredients("ARG VERSION=1.1"), ingredients("ARG VERSION=1.2")))
                .isEqualTo("ARG VERSION: 1.1 to 1.2");
        assertThat(reason(ingredients(), ingredients("ENV MODE=fast"))).isEqualTo("ENV MODE: unset to fast");
        assertThat(reason(ingredients("ENV MODE="), ingredients())).isEqualTo("ENV MODE: \"\" to unset");
        assertThat(reason(ingredients("ARG V=1"), ingredients("ARG V=" + "x".repeat(100))))
                .isEqualTo("ARG V: 1 to " + "x".repeat(60) + "…");
    }

    @Test
    void whatAStepStandsOnIsNamedOnlyWhereNothingElseChanged() {
        assertThat(reason(ingredients("parent=1"), ingredients("parent=2"))).isEqualTo("a step before it changed");
        assertThat(reason(ingredients("command=1", "parent=1"), ingredients("command=2", "parent=2")))
                .isEqualTo("the command changed");
    }

    @Test
    void aBaseThatMovedIsNamed() {
        assertThat(reason(
                        ingredients("parent=1", "base=debian:12 debian@sha256:1"),
                        ingredients("parent=2", "base=debian:12 debian@sha256:2")))
                .isEqualTo("base debian:12 moved");
        assertThat(reason(
                        ingredients("parent=1", "base=debian:12 debian@sha256:1"),
                        ingredients("parent=2", "base=alpine alpine@sha256:2")))
                .isEqualTo("base debian:12 to alpine");
        assertThat(reason(
                        ingredients("parent=1", "base=debian:12 debian@sha256:1"),
                        ingredients("parent=1", "base=mirror/debian:12 mirror/debian@sha256:1")))
                .as("the same files under another name are no reason")
                .startsWith("the earlier result");
    }

    @Test
    void anotherInstructionIsOneReasonAndNotAsManyAsItHasWords() {
        assertThat(reason(
                        ingredients("instruction=RUN", "command=1", "ENV A=1", "parent=1"),
                        ingredients("instruction=COPY", "source 0=a", "destination=/", "parent=1")))
                .isEqualTo("the instruction changed");
        assertThat(reason(ingredients("instruction=COPY", "source 1=a"), ingredients("instruction=COPY", "source 1=b")))
                .isEqualTo("the instruction changed");
    }

    @Test
    void aLongValueIsCutButNeverTakenForAnother() {
        Step parent = Requests.graph("FROM scratch\nRUN x").steps().getFirst();
        String one = Miss.shown(ingredients("command=" + "x".repeat(300) + "1"), parent)
                .get("command");
        String other = Miss.shown(ingredients("command=" + "x".repeat(300) + "2"), parent)
                .get("command");
        assertThat(one).hasSizeLessThan(150).isNotEqualTo(other);
    }
}
