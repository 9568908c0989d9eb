package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DockerfileTest {
    static Dockerfile parse(String text) {
        return Dockerfile.parse("Dockerfile", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void continuationsAreJoinedAndCommentsInsideThemLeftOut() {
        Dockerfile file = parse("FROM alpine AS Build\nRUN a \\\n  # why\n  && b\n");
        Stage stage = file.stages().getFirst();
        assertThat(stage.name()).isEqualTo("build");
        assertThat(stage.instructions()).singleElement().satisfies(run -> {
            assertThat(run.original()).isEqualTo("RUN a   && b");
            assertThat(run.location()).isEqualTo(new Location(2, 4));
        });
    }

    @Test
    void heredocsBelongToTheirInstruction() {
        Dockerfile file = parse("FROM alpine\nCOPY <<a <<-\"b\" /x/\n1 $v\na\n\t2\n\tb\nRUN ls\n");
        Instruction.Copy copy =
                (Instruction.Copy) file.stages().getFirst().instructions().getFirst();
        assertThat(copy.heredocs())
                .containsExactly(new Heredoc("a", true, false, 0, "1 $v\n"), new Heredoc("b", false, true, 0, "\t2\n"));
        assertThat(copy.heredocs().get(1).text()).isEqualTo("2\n");
        assertThat(copy.location()).isEqualTo(new Location(2, 6));
    }

    @Test
    void severalErrorsAreReportedTogetherWithTheirPlacesMarked() {
        assertThatThrownBy(() -> parse("FROM alpine\nRUNN ls\nCOPY --form=x a b\nEXPOSE\n"))
                .isInstanceOfSatisfying(DockerfileException.class, error -> {
                    assertThat(error.errors())
                            .extracting(one -> one.location().startLine())
                            .containsExactly(2, 3, 4);
                    assertThat(error.errors().get(0).suggestion()).isEqualTo("RUN");
                    assertThat(error.errors().get(1).suggestion()).isEqualTo("--from");
                    assertThat(error).hasMessageContaining("> 3 | COPY --form=x a b\n    |      ^^^^^^\n");
                });
    }

    @Test
    void aTriggerIsReadAsAnInstruction() {
        assertThat(Dockerfile.parseTrigger("RUN [\"a\", \"b\"]")).isInstanceOf(Instruction.Run.class);
    }
}
