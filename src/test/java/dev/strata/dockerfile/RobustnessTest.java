package dev.strata.dockerfile;

import static dev.strata.dockerfile.DockerfileTest.parse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Input of any size and form is read or refused in time linear in its length. The limits are generous for busy machines. */
@Timeout(300)
class RobustnessTest {
    private static final int MANY = 100_000;

    private static void readAll(Dockerfile file) {
        file.check(Map.of());
        Lint.check(file, LintOptions.DEFAULT);
    }

    @Test
    void aLineOfTenMegabytesIsRefusedWithAShortExcerpt() {
        String text = "FROM alpine\nRUN " + "x".repeat(10_000_000) + "\n";
        assertThatThrownBy(() -> parse(text)).isInstanceOfSatisfying(DockerfileException.class, error -> {
            assertThat(error.errors())
                    .singleElement()
                    .satisfies(one -> assertThat(one.location()).isEqualTo(new Location(2, 2)));
            assertThat(error.getMessage()).hasSizeLessThan(2_000);
        });
    }

    @Test
    void tenMegabytesOfContinuedLinesAreOneInstruction() {
        String text = "FROM alpine\nRUN true" + " \\\n && echo 'word' \"$x\"".repeat(400_000) + "\n";
        Dockerfile file = parse(text);
        assertThat(file.stages().getFirst().instructions()).hasSize(1);
        readAll(file);
    }

    @Test
    void aHundredThousandInstructionsAreRead() {
        Dockerfile file =
                parse("FROM alpine\n" + "ENV a=\"$b\" c=d\nRUN echo $a\nCOPY --chown=1 x y\n".repeat(MANY / 3));
        assertThat(file.stages().getFirst().instructions()).hasSize(MANY / 3 * 3);
        readAll(file);
    }

    @Test
    void aLongChainOfStagesIsFollowed() {
        StringBuilder text = new StringBuilder("FROM alpine AS s0\n");
        for (int i = 1; i < MANY / 5; i++) {
            text.append("FROM s").append(i - 1).append(" AS s").append(i).append("\nCOPY --from=s0 a b\n");
        }
        Dockerfile file = parse(text.toString());
        readAll(file);
    }

    @Test
    void aLongChainOfStagesWithVariablesOfTheirOwnIsFollowed() {
        StringBuilder text = new StringBuilder("FROM alpine AS s0\n");
        for (int i = 1; i < MANY / 5; i++) {
            text.append("FROM s")
                    .append(i - 1)
                    .append(" AS s")
                    .append(i)
                    .append("\nENV v")
                    .append(i)
                    .append("=1\n");
        }
        readAll(parse(text.toString()));
    }

    @Test
    void variablesThatDoubleAreRefusedNotExpanded() {
        String doubling = "a=$a$a$a$a$a$a$a$a$a$a\n";
        readAll(parse("FROM alpine\nENV a=xxxxxxxxxx\n" + ("ENV " + doubling).repeat(30) + "WORKDIR /$a\n"));
        Dockerfile global = parse("ARG a=xxxxxxxxxx\n" + ("ARG " + doubling).repeat(30) + "FROM a\n");
        assertThat(global.check(Map.of())).isNotEmpty();
        Lint.check(global, LintOptions.DEFAULT);
        Expansion.Variables large = name -> "x".repeat(100_000);
        assertThatThrownBy(() -> new Expansion('\\').word("${a//x/$a}", large))
                .isInstanceOf(ExpansionException.class)
                .hasMessageContaining("grows too long");
    }

    @Test
    void manyUnknownVariablesAreFoundWithoutALongSearch() {
        StringBuilder text = new StringBuilder("FROM alpine:3\n");
        String name = "abcdefghijklmnopqrstuvwxyz".repeat(2);
        for (int i = 0; i < 900; i++) {
            text.append("ENV ").append(name).append(i).append("=1\n");
        }
        for (int i = 0; i < MANY; i++) {
            text.append("USER $").append(name).append('x').append(i).append('\n');
        }
        assertThat(Lint.check(parse(text.toString()), LintOptions.DEFAULT)).hasSize(MANY);
    }

    @Test
    void aHundredThousandErrorsAreCountedNotListed() {
        assertThatThrownBy(() -> parse("FROM alpine\n" + "FOO bar\n".repeat(MANY)))
                .isInstanceOfSatisfying(
                        DockerfileException.class,
                        error -> assertThat(error.errors()).hasSize(20));
    }

    @Test
    void aHundredThousandNamesThatAreNoneAreCountedNotListed() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < MANY; i++) {
            text.append("FROM Wrong:").append(i).append(" AS s").append(i).append('\n');
        }
        assertThat(parse(text.toString()).check(Map.of())).hasSize(20);
    }

    @Test
    void deeplyNestedVariablesAreRefusedNotCalledForEver() {
        Expansion expansion = new Expansion('\\');
        for (String opening : List.of("${a:-", "${a#", "${a/", "\"${a:-", "$", "${")) {
            String text = opening.repeat(MANY);
            assertThat(outcome(() -> expansion.word(text, Expansion.Variables.NONE)))
                    .isIn("ok", "refused");
            assertThat(outcome(() -> expansion.word(text + "}".repeat(MANY), Expansion.Variables.NONE)))
                    .isIn("ok", "refused");
        }
    }

    private static String outcome(Runnable action) {
        try {
            action.run();
            return "ok";
        } catch (ExpansionException e) {
            return "refused";
        }
    }

    @Test
    void deeplyNestedJsonAndTriggersAreNoTrouble() {
        String nested = " \\\n[".repeat(MANY);
        readAll(parse("FROM alpine\nCMD " + nested + "\n"));
        String chain = "ONBUILD \\\n".repeat(MANY);
        assertThatThrownBy(() -> parse("FROM alpine\n" + chain + "RUN x\n")).isInstanceOf(DockerfileException.class);
    }

    @Test
    void manyHeredocsAreRead() {
        StringBuilder names = new StringBuilder("FROM alpine\nCOPY");
        StringBuilder texts = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            names.append(i % 100 == 0 ? " \\\n" : "").append(" <<f").append(i);
            texts.append("text ").append(i).append("\nf").append(i).append('\n');
        }
        Dockerfile file = parse(names + " /dst/\n" + texts);
        readAll(file);
    }

    @Test
    void patternsWithManyStarsAreMatchedAtOnce() {
        PathPatterns patterns =
                PathPatterns.of(List.of("**/" + "*a".repeat(2_000) + "/**/b", "**/".repeat(2_000) + "x"));
        assertThat(patterns.matches("a".repeat(4_000) + "/c")).isFalse();
    }

    @Test
    void mutatedFilesAreReadOrRefused() {
        Random random = new Random(20261125);
        List<String> seeds = List.of(
                "# syntax=docker/dockerfile:1\n# escape=`\nFROM a AS b\nRUN --mount=type=cache,target=/x <<EOF\nx\nEOF\n",
                "ARG A=1\nFROM --platform=$TARGETPLATFORM x:${A:-2}\nENV a=${b/c/d} e='f g'\nCOPY --from=0 <<-\"E\" . /\n\tt\nE\n",
                "FROM x\nHEALTHCHECK --interval=1m CMD [\"a\", \"b\\u0041\"]\nONBUILD ADD https://e/x [y]\nSHELL [\"a\"]\n",
                "from x as y\nlabel a b\nexpose 80/tcp 1-2/UDP\nuser $u\nworkdir a\\\n\n  b\n# c\nstopsignal 9\n");
        String alphabet = "\\`'\"$<>{}[]()#=,:/- \t\n\r\u0000\ufeffaA0é\ud83d\ude00*?%!|&;";
        long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        for (int i = 0; i < 20_000 && System.nanoTime() < end; i++) {
            StringBuilder text = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
            for (int change = random.nextInt(6); change >= 0; change--) {
                mutate(text, alphabet, random);
            }
            String mutated = text.toString();
            assertThat(read(mutated)).as(mutated).isIn("read", "refused");
        }
    }

    private static void mutate(StringBuilder text, String alphabet, Random random) {
        int at = random.nextInt(text.length() + 1);
        switch (random.nextInt(3)) {
            case 0 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
            case 1 -> text.delete(at, Math.min(text.length(), at + random.nextInt(5)));
            default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(20))));
        }
        if (text.isEmpty()) {
            text.append(' ');
        }
    }

    private static String read(String text) {
        try {
            readAll(Dockerfile.parse("Dockerfile", text.getBytes(StandardCharsets.UTF_8)));
            return "read";
        } catch (DockerfileException e) {
            return "refused";
        }
    }
}
