package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateFolderTest {
    @TempDir
    Path folder;

    /** Plain folders. */
    private static final class Plain implements StateFolder.Folders {
        @Override
        public void make(Path folder) throws IOException {
            Files.createDirectory(folder);
        }

        @Override
        public void remove(Path folder) throws IOException {
            Removal.of(folder);
        }
    }

    /** Another process that uses the same state folder: names one folder, leaves one unfinished, and waits. */
    static final class Other {
        public static void main(String[] arguments) throws IOException {
            StateFolder state = new StateFolder(Path.of(arguments[0]), new Plain());
            Path finished = state.name("finished", state.make());
            Path unfinished = state.make();
            System.out.println(finished + "\n" + unfinished);
            int end = System.in.read();
            System.exit(end);
        }
    }

    private StateFolder open() throws IOException {
        return new StateFolder(folder, new Plain());
    }

    @Test
    void aNameIsFoundByLaterRunsAndWhatHasNoneIsGone() throws IOException {
        Path named;
        Path unnamed;
        try (StateFolder state = open()) {
            named = state.name("name", state.make());
            unnamed = state.make();
        }
        assertThat(unnamed).doesNotExist();
        try (StateFolder state = open()) {
            assertThat(state.find("name")).isEqualTo(named);
            assertThat(state.find("other")).isNull();
        }
    }

    private StateFolder open(String boot) throws IOException {
        return new StateFolder(folder, new Plain(), boot);
    }

    private void age(String name) throws IOException {
        Path link = folder.resolve("fresh/first").resolve(name);
        Program.run(List.of("touch", "--no-dereference", "--date=-1 hour", link.toString()));
    }

    @Test
    void whatMayNotHaveReachedTheDiskIsForgottenWhenTheMachineHasStartedAnew() throws IOException {
        Path named;
        try (StateFolder state = open("first")) {
            named = state.name("name", state.make());
        }
        try (StateFolder state = open("second")) {
            assertThat(state.find("name")).isNull();
            assertThat(named).doesNotExist();
            assertThat(state.find("name")).isNull();
        }
    }

    @Test
    void whatHasReachedTheDiskOutlivesTheMachinesEnd() throws IOException {
        Path old;
        Path young;
        try (StateFolder state = open("first")) {
            old = state.name("old", state.make());
            young = state.name("young", state.make());
        }
        age("old");
        try (StateFolder state = open("first")) {
            await().until(() -> Files.isSymbolicLink(folder.resolve("names/old")));
            assertThat(state.find("old")).isEqualTo(old);
            assertThat(state.find("young")).isEqualTo(young);
        }
        try (StateFolder state = open("second")) {
            assertThat(state.find("old")).isEqualTo(old);
            assertThat(state.find("young")).isNull();
            assertThat(young).doesNotExist();
        }
    }

    @Test
    void freshAndLastingNamesAreListedAndRemovedAlike() throws IOException {
        Path old;
        Path young;
        try (StateFolder state = open("first")) {
            old = state.name("old", state.make());
            young = state.name("young", state.make());
            state.name("other", young);
        }
        age("old");
        open("first").close();
        await().until(() -> Files.isSymbolicLink(folder.resolve("names/old")));
        assertThat(StateFolder.links(folder).keySet()).containsExactly("old", "other", "young");
        StateFolder.remove(folder, "old", new Plain());
        StateFolder.remove(folder, "young", new Plain());
        assertThat(StateFolder.links(folder).keySet()).containsExactly("other");
        assertThat(old).doesNotExist();
        assertThat(young).exists();
        StateFolder.remove(folder, "other", new Plain());
        assertThat(young).doesNotExist();
    }

    @Test
    void theFirstToGiveANameWins() throws IOException {
        try (StateFolder one = open();
                StateFolder two = open()) {
            Path first = one.name("name", one.make());
            assertThat(two.name("name", two.make())).isEqualTo(first);
        }
    }

    @Test
    void aNameWhoseFolderWasRemovedByHandIsFreeAgain() throws IOException {
        try (StateFolder state = open()) {
            Path first = state.name("name", state.make());
            Files.delete(first);
            assertThat(state.find("name")).isNull();
            Path second = state.make();
            assertThat(state.name("name", second)).isEqualTo(second);
        }
    }

    @Test
    void aLivingProcessIsLeftInPeaceAndAKilledOneIsCleanedUpAfter() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var lines = other.inputReader(StandardCharsets.UTF_8)) {
            Path finished = Path.of(lines.readLine());
            Path unfinished = Path.of(lines.readLine());
            open().close();
            assertThat(List.of(finished, unfinished)).allMatch(Files::isDirectory);
            other.destroyForcibly().waitFor();
            try (StateFolder state = open()) {
                assertThat(unfinished).doesNotExist();
                assertThat(state.find("finished")).isEqualTo(finished);
            }
        } finally {
            other.destroyForcibly();
        }
    }
}
